import { keysLua } from "./keys.ts";

/**
 * Permits: `p:<pace>` has the ids of those that stand, by the moment at which they end. All by the server's clock, for the machines
 * that share a pace differ in theirs.
 */
const permitsLua = `${keysLua}
local now = serverNow()

local function put(pace, id, endsInMs)
  local key = P .. 'p:' .. pace
  redis.call('ZADD', key, num(now + endsInMs), id)
  if redis.call('PTTL', key) < endsInMs then expire('p:' .. pace, endsInMs) end
end
`;

export const takeLua = `${permitsLua}
local id, paces = ARGV[1], cjson.decode(ARGV[2])
for i, pace in ipairs(paces) do
  local key = P .. 'p:' .. pace[1]
  redis.call('ZREMRANGEBYSCORE', key, '-inf', num(now))
  if redis.call('ZCARD', key) >= pace[2] and not redis.call('ZSCORE', key, id) then
    local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    return {i - 1, num(tonumber(first[2]) - now)}
  end
end
for _, pace in ipairs(paces) do put(pace[1], id, pace[3]) end
return {}
`;

export const keepLua = `${permitsLua}
local stood = 0
for _, permit in ipairs(cjson.decode(ARGV[1])) do
  local id, pace, endsInMs = permit[1], permit[2], permit[3]
  local endsAt = redis.call('ZSCORE', P .. 'p:' .. pace, id)
  if endsAt and tonumber(endsAt) > now then
    stood = stood + 1
    if endsInMs > 0 then put(pace, id, endsInMs) else redis.call('ZREM', P .. 'p:' .. pace, id) end
  end
end
return stood
`;

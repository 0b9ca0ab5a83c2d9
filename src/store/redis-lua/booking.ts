import { countersLua } from "./counters.ts";
import { entriesLua } from "./entries.ts";
import { exactLua } from "./exact.ts";
import { holdsLua } from "./holds.ts";
import { keysLua } from "./keys.ts";

/**
 * The verbs that move money. Each decides and writes in one script.
 *
 * Whatever may not be written when the server is full comes first, so that a full server refuses before anything is changed.
 * A settlement begins by removing the hold, which is always allowed: what was bought can be booked even then.
 */
const words = exactLua + keysLua + countersLua;

export const holdLua = `${words}${holdsLua}
local id, at, amount, key, joinSince = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]
local windows, limits = cjson.decode(ARGV[6]), cjson.decode(ARGV[7])
local states = {}
for i, window in ipairs(windows) do states[i] = (state(window[1], at)) end

if redis.call('EXISTS', P .. 'h:' .. id) == 1 or redis.call('HEXISTS', P .. 'entry-ids', 'purchase ' .. id) == 1 then
  return {'held', states}
end

local leader = joinSince ~= '' and key ~= '' and newestOf(key, joinSince, false)
if leader then
  if redis.call('HSETNX', P .. 'h:' .. leader, 'joined:' .. id, 1) == 1 then
    redis.call('HINCRBY', P .. 'h:' .. leader, 'sharers', 1)
  end
  return {'joined', holdOf(leader)}
end

if amount ~= '' then
  for i, limit in ipairs(limits) do
    local before = states[limit[1]]
    if limit[2] ~= '' and not atMost(sum(sum(before[1], before[2]), amount), limit[2]) then
      return {'refused', i - 1, before}
    end
  end
end
if redis.call('ZCARD', P .. 'open') >= tonumber(ARGV[13]) then return {'crowded'} end

redis.call('HSET', P .. 'h:' .. id, 'at', ARGV[2], 'amount', amount, 'state', 'held', 'request', '', 'sharers', 1,
  'doubt', '', 'key', key, 'endpoint', ARGV[8], 'tags', ARGV[9], 'basis', ARGV[10], 'expected', ARGV[11],
  'detail', ARGV[12], 'windows', ARGV[6])
redis.call('ZADD', P .. 'open', ARGV[2], id)
if key ~= '' then redis.call('ZADD', P .. 'k:' .. key, ARGV[2], id) end
if amount ~= '' and amount ~= '0' then
  for i, window in ipairs(windows) do
    add(window, id, at, at, '0', amount, tonumber(ARGV[14]))
    states[i][2] = sum(states[i][2], amount)
    local leaves = window[2] == 'rolling' and at + tonumber(window[3])
    if leaves and (states[i][3] == '' or leaves < tonumber(states[i][3])) then states[i][3] = num(leaves) end
  end
end
sweep(at)
return {'held', states}
`;

export const settleLua = `${words}${holdsLua}${entriesLua}
local id, now, outcome, request, actual, ordinal = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local hold = redis.call('HMGET', P .. 'h:' .. id, 'at', 'amount', 'request', 'key', 'endpoint', 'tags', 'expected',
  'detail', 'windows')
if not hold[1] then
  return {'already', entryAt(redis.call('HGET', P .. 'entry-ids', 'purchase ' .. id)) or false}
end

local windows, merged = cjson.decode(hold[9]), {}
for _, window in ipairs(windows) do
  if window[2] == 'rolling' then
    merged[window[1]] = redis.call('HGET', P .. 'h:' .. id, 'in:' .. window[1]) or nil
  end
end
removeHold(id, hold[3], hold[4])

local percent = '0'
if outcome == 'free' then actual = '0' end
if outcome == 'charged' and ordinal ~= '' then
  local count = redis.call('HINCRBY', P .. 'ordinals', ordinal, 1)
  redis.call('ZADD', P .. 'ordinals-used', ARGV[2], ordinal)
  if count == 1 and redis.call('ZCARD', P .. 'ordinals-used') > tonumber(ARGV[10]) then
    redis.call('HDEL', P .. 'ordinals', redis.call('ZPOPMIN', P .. 'ordinals-used')[1])
  end
  for _, tier in ipairs(cjson.decode(ARGV[7])) do
    if tier[1] <= count then actual, percent = tier[2], tier[3] end
  end
end

local posting = {id = id, at = tonumber(hold[1]), held = hold[2] == '' and '0' or hold[2],
  spent = actual == '' and '0' or actual, now = now, merged = merged, membersMax = tonumber(ARGV[12])}
local states = {}
for i, window in ipairs(windows) do states[i] = post(window, posting) end
local entry = append({id, 'purchase', hold[5], request == '' and hold[3] or request, hold[1], ARGV[2], outcome, actual, '0',
  hold[7], ARGV[8], hold[6], percent, hold[8], ARGV[9]}, tonumber(ARGV[11]))
return {'settled', entry, states}
`;

export const recordLua = `${words}${entriesLua}
local entry = {unpack(ARGV, 1, 15)}
if redis.call('HEXISTS', P .. 'entry-ids', entry[2] .. ' ' .. entry[1]) == 1 then return 0 end
append(entry, tonumber(ARGV[17]))
if entry[2] == 'correction' and entry[8] ~= '' then
  local at = tonumber(entry[5])
  local posting = {id = entry[1], at = at, held = '0', spent = entry[8], now = tonumber(entry[6]) or at, merged = {},
    membersMax = tonumber(ARGV[18])}
  for _, window in ipairs(cjson.decode(ARGV[16])) do post(window, posting) end
end
return 1
`;

export const bindLua = `${keysLua}${holdsLua}
local id, request = ARGV[1], ARGV[2]
if redis.call('EXISTS', P .. 'h:' .. id) == 0 then return 0 end
redis.call('HSET', P .. 'h:' .. id, 'state', 'pending', 'doubt', '')
setRequest(id, request)
return redis.call('HSET', P .. 'h:' .. id, 'request', request)
`;

export const doubtLua = `${keysLua}
if redis.call('EXISTS', P .. 'h:' .. ARGV[1]) == 0 then return 0 end
return redis.call('HSET', P .. 'h:' .. ARGV[1], 'state', 'unknown', 'doubt', ARGV[2])
`;

export const shareLua = `${keysLua}
local id = redis.call('HGET', P .. 'requests', ARGV[1])
local sharers = id and redis.call('HGET', P .. 'h:' .. id, 'sharers')
if not sharers or sharers == '0' then return 0 end
return redis.call('HINCRBY', P .. 'h:' .. id, 'sharers', ARGV[2])
`;

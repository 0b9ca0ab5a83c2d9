import { keysLua } from "./keys.ts";

/**
 * Results: `x:<key>` each, which ends by itself; what must be known to count and choose them is kept beside it.
 */
const resultsLua = `${keysLua}
local function dropResult(key)
  local about = redis.call('HGET', P .. 'results', key)
  if not about then return false end
  local bytes, request = unpack(cmsgpack.unpack(about))
  redis.call('HDEL', P .. 'results', key)
  redis.call('UNLINK', P .. 'x:' .. key)
  redis.call('ZREM', P .. 'results-used', key)
  redis.call('ZREM', P .. 'results-end', key)
  redis.call('HINCRBY', P .. 'meta', 'bytes', -tonumber(bytes))
  if redis.call('HGET', P .. 'result-requests', request) == key then
    redis.call('HDEL', P .. 'result-requests', request)
  end
  return true
end
`;

export const putResultLua = `${resultsLua}
local key, request, endpoint, tags, bytes, bytesMax = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local storedAt, expiresAt = ARGV[7], ARGV[8]
dropResult(key)
for _, ended in ipairs(redis.call('ZRANGEBYSCORE', P .. 'results-end', '-inf', storedAt, 'LIMIT', 0, 100)) do
  dropResult(ended)
end
if bytes > bytesMax then return 0 end
while tonumber(redis.call('HGET', P .. 'meta', 'bytes') or '0') + bytes > bytesMax do
  local oldest = redis.call('ZRANGE', P .. 'results-used', 0, 0)[1]
  if not oldest or not dropResult(oldest) then break end
end
redis.call('HSET', P .. 'x:' .. key, 'request', request, 'endpoint', endpoint, 'tags', tags, 'stored', storedAt,
  'expires', expiresAt, 'head', ARGV[9], 'body', ARGV[10])
expire('x:' .. key, math.max(1, tonumber(expiresAt) - tonumber(storedAt)) + 60000)
redis.call('HSET', P .. 'results', key, cmsgpack.pack({ARGV[5], request, endpoint, tags}))
redis.call('HSET', P .. 'result-requests', request, key)
redis.call('ZADD', P .. 'results-end', expiresAt, key)
redis.call('HINCRBY', P .. 'meta', 'bytes', ARGV[5])
redis.call('ZADD', P .. 'results-used', redis.call('HINCRBY', P .. 'meta', 'uses', 1), key)
return 1
`;

/** That it was used is noted where it may be; a full or read-only server still answers what it has. */
export const getResultLua = `${resultsLua}
local key = ARGV[1] == 'key' and ARGV[2] or redis.call('HGET', P .. 'result-requests', ARGV[2])
if not key then return false end
local row = redis.call('HMGET', P .. 'x:' .. key, 'request', 'endpoint', 'tags', 'stored', 'expires', 'head', 'body')
if not row[1] or tonumber(row[5]) <= tonumber(ARGV[3]) then return false end
local uses = redis.pcall('HINCRBY', P .. 'meta', 'uses', 1)
if type(uses) == 'number' then redis.pcall('ZADD', P .. 'results-used', uses, key) end
table.insert(row, 1, key)
return row
`;

/** Goes through the results in order of use, so that what is used meanwhile is only met again. */
export const deleteResultsLua = `${resultsLua}
local pieces = ARGV[1] ~= '' and cjson.decode(ARGV[1]) or nil
local tag = ARGV[2] ~= '' and cjson.decode(ARGV[2]) or nil
local only, cursor, last, limit = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local function chosen(key)
  local about = redis.call('HGET', P .. 'results', key)
  if not about then return false end
  local _, _, endpoint, tags = unpack(cmsgpack.unpack(about))
  return (not pieces or matches(pieces, endpoint)) and (not tag or cjson.decode(tags)[tag[1]] == tag[2])
end
if only ~= '' then return {'', '', chosen(only) and dropResult(only) and 1 or 0} end

if last == '' then last = redis.call('ZRANGE', P .. 'results-used', -1, -1, 'WITHSCORES')[2] or '0' end
local page = redis.call('ZRANGEBYSCORE', P .. 'results-used', '(' .. cursor, last, 'WITHSCORES', 'LIMIT', 0, limit)
local count = 0
for i = 1, #page, 2 do
  if chosen(page[i]) and dropResult(page[i]) then count = count + 1 end
end
return {#page == limit * 2 and page[#page] or '', last, count}
`;

export const putNoteLua = `${keysLua}
local kind, key, at, endsAt, notesMax = ARGV[1], ARGV[2], ARGV[4], ARGV[5], tonumber(ARGV[6])
local notes, times, ends = P .. 'notes:' .. kind, P .. 'note-times:' .. kind, P .. 'note-ends:' .. kind
local function drop(keys)
  for _, each in ipairs(keys) do
    redis.call('HDEL', notes, each)
    redis.call('ZREM', times, each)
    redis.call('ZREM', ends, each)
  end
end
redis.call('HSET', notes, key, cmsgpack.pack({ARGV[3], at, endsAt}))
redis.call('ZADD', times, at, key)
redis.call('ZREM', ends, key)
if endsAt ~= '' then redis.call('ZADD', ends, endsAt, key) end
if redis.call('HLEN', notes) <= notesMax then return 1 end
drop(redis.call('ZRANGEBYSCORE', ends, '-inf', at, 'LIMIT', 0, 1000))
local over = redis.call('HLEN', notes) - notesMax
if over > 0 then drop(redis.call('ZRANGE', times, 0, math.min(over, 1000) - 1)) end
return 1
`;

export const getNoteLua = `${keysLua}
local note = redis.call('HGET', P .. 'notes:' .. ARGV[1], ARGV[2])
return note and cmsgpack.unpack(note) or false
`;

export const listNotesLua = `${keysLua}
local notes = {}
local keys = redis.call('ZRANGE', P .. 'note-times:' .. ARGV[1], 0, -1)
for i, key in ipairs(keys) do
  local value, at, endsAt = unpack(cmsgpack.unpack(redis.call('HGET', P .. 'notes:' .. ARGV[1], key)))
  notes[i] = {value, at, endsAt, key}
end
return notes
`;

export const deleteNoteLua = `${keysLua}
redis.call('ZREM', P .. 'note-times:' .. ARGV[1], ARGV[2])
redis.call('ZREM', P .. 'note-ends:' .. ARGV[1], ARGV[2])
return redis.call('HDEL', P .. 'notes:' .. ARGV[1], ARGV[2])
`;

/** The first words with a server: what it is, whether it may forget, and which version the ledger in it has. */
export const openLua = `${keysLua}
local version = redis.call('HGET', P .. 'meta', 'version')
local info = redis.pcall('INFO', 'memory')
local policy, most = '', '0'
if type(info) == 'string' then
  policy = string.match(info, 'maxmemory_policy:(%S+)') or ''
  most = string.match(info, 'maxmemory:(%d+)') or '0'
end
local evicts = most ~= '0' and policy ~= '' and policy ~= 'noeviction'
if not version and not evicts then redis.call('HSET', P .. 'meta', 'version', ARGV[1]) end
-- A ledger that was begun without sums of whole days has them from the day after tomorrow, wherever it is tomorrow already.
if not evicts and redis.call('HEXISTS', P .. 'meta', 'whole-from') == 0 then
  local begun = redis.call('EXISTS', P .. 'quarters') == 1
  local from = begun and (math.floor(serverNow() / 86400000) + 2) * 86400000 or -9e15
  redis.call('HSET', P .. 'meta', 'whole-from', num(from))
end
return {version or ARGV[1], evicts and policy or ''}
`;

/**
 * Entries and their sums.
 *
 * An entry is a list of texts in the order of `redis-records`: id, kind, endpoint, request id, at, settled at, outcome,
 * actual, saved, expected, basis, tags, and what only the reader looks into. `''` is none and unknown.
 * Sums are kept per quarter of an hour in the same script as the entry, so the two never disagree. Where there are more rows
 * of them than allowed, the oldest become days without tags, and such days one row per endpoint and basis.
 * `wholes` are the sums of the days from `whole-from` on, of which no quarter was folded: the same again, for long ranges.
 */
export const entriesLua = `
local quarterMs, dayMs = 900000, 86400000
-- spent saved calls charged cached joined refused unknown estimated
local function sumsOf(kind, outcome, actual, saved, expected)
  local sums = {actual == '' and '0' or actual, '0', '0', '0', '0', '0', '0', '0', '0'}
  if kind == 'purchase' then
    sums[3] = '1'
    if actual == '' then sums[8] = '1' end
    if outcome == 'charged' then
      sums[4] = '1'
      sums[9] = expected == '' and '0' or expected
    end
  elseif kind == 'hit' or kind == 'join' then
    sums[kind == 'hit' and 5 or 6] = '1'
    sums[2] = saved == '' and '0' or saved
  elseif kind == 'refusal' then
    sums[7] = '1'
  end
  return sums
end

local function addSums(into, text)
  local i = 0
  for each in string.gmatch(text, '%S+') do
    i = i + 1
    into[i] = sum(into[i], each)
  end
end

local function addRow(grain, bucket, row, text)
  local rows = P .. grain .. ':' .. num(bucket)
  local known = redis.call('HGET', rows, row)
  if known then
    local sums = {'0', '0', '0', '0', '0', '0', '0', '0', '0'}
    addSums(sums, known)
    addSums(sums, text)
    text = table.concat(sums, ' ')
  else
    redis.call('ZADD', P .. grain, num(bucket), num(bucket))
    redis.call('HINCRBY', P .. 'meta', grain, 1)
  end
  redis.call('HSET', rows, row, text)
end

local function wholeFrom() return tonumber(redis.call('HGET', P .. 'meta', 'whole-from') or 'inf') end

local function foldWhole(quarter)
  local day = math.floor(tonumber(quarter) / dayMs) * dayMs
  if day < wholeFrom() then return end
  redis.call('HSET', P .. 'meta', 'whole-from', num(day + dayMs))
  redis.call('UNLINK', P .. 'wholes:' .. num(day))
  redis.call('ZREM', P .. 'wholes', num(day))
end

local function fold(grain, coarser, coarserMs, rowsMax)
  if tonumber(redis.call('HGET', P .. 'meta', grain) or '0') <= rowsMax then return end
  local oldest = redis.call('ZRANGE', P .. grain, 0, 0)[1]
  if grain == 'quarters' then foldWhole(oldest) end
  local rows = P .. grain .. ':' .. oldest
  local some = redis.call('HRANDFIELD', rows, 10, 'WITHVALUES')
  for i = 1, #some, 2 do
    local row = cmsgpack.unpack(some[i])
    redis.call('HDEL', rows, some[i])
    redis.call('HINCRBY', P .. 'meta', grain, -1)
    local bucket = coarserMs == 0 and 0 or math.floor(tonumber(oldest) / coarserMs) * coarserMs
    addRow(coarser, bucket, cmsgpack.pack({row[1], row[2], '{}'}), some[i + 1])
  end
  if redis.call('EXISTS', rows) == 0 then redis.call('ZREM', P .. grain, oldest) end
end

local function entryAt(seq)
  local text = seq and redis.call('HGET', P .. 'entries', seq)
  if not text then return nil end
  local entry = cmsgpack.unpack(text)
  entry[#entry + 1] = seq
  return entry
end

local function dropOldestEntries(entriesMax)
  local over = math.min(10, redis.call('HLEN', P .. 'entries') - entriesMax)
  for _ = 1, over do
    local seq = num(redis.call('HINCRBY', P .. 'meta', 'dropped', 1))
    local entry = entryAt(seq)
    redis.call('HDEL', P .. 'entries', seq)
    redis.call('ZREM', P .. 'entry-times', seq)
    if entry then
      redis.call('HDEL', P .. 'entry-ids', entry[2] .. ' ' .. entry[1])
      if redis.call('HGET', P .. 'entry-requests', entry[4]) == seq then
        redis.call('HDEL', P .. 'entry-requests', entry[4])
      end
    end
  end
end

local function append(entry, entriesMax)
  local seq = num(redis.call('HINCRBY', P .. 'meta', 'seq', 1))
  local id, kind, endpoint, request, at, outcome = entry[1], entry[2], entry[3], entry[4], entry[5], entry[7]
  redis.call('HSET', P .. 'entries', seq, cmsgpack.pack(entry))
  redis.call('HSET', P .. 'entry-ids', kind .. ' ' .. id, seq)
  redis.call('ZADD', P .. 'entry-times', at, seq)
  if kind == 'purchase' and request ~= '' then redis.call('HSET', P .. 'entry-requests', request, seq) end
  local sums = sumsOf(kind, outcome, entry[8], entry[9], entry[10])
  local bucket = math.floor(tonumber(at) / quarterMs) * quarterMs
  local row, text = cmsgpack.pack({endpoint, entry[11], entry[12]}), table.concat(sums, ' ')
  addRow('quarters', bucket, row, text)
  local day = math.floor(tonumber(at) / dayMs) * dayMs
  if day >= wholeFrom() then addRow('wholes', day, row, text) end
  dropOldestEntries(entriesMax)
  fold('quarters', 'days', dayMs, entriesMax)
  fold('days', 'ever', 0, entriesMax)
  entry[#entry + 1] = seq
  return entry
end
`;

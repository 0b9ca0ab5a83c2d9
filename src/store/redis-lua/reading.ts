import { countersLua } from "./counters.ts";
import { entriesLua } from "./entries.ts";
import { exactLua } from "./exact.ts";
import { holdsLua } from "./holds.ts";
import { keysLua } from "./keys.ts";

/** The verbs that only read. Those that could be long come in pages, for a script keeps everybody else waiting. */
export const findHoldLua = `${keysLua}${holdsLua}
local by, value = ARGV[1], ARGV[2]
if by == 'key' then value = newestOf(value, '-inf', true) end
if by == 'requestId' then value = redis.call('HGET', P .. 'requests', value) end
return value and holdOf(value) or false
`;

export const findEntryLua = `${exactLua}${keysLua}${entriesLua}
if ARGV[1] == 'id' then return entryAt(redis.call('HGET', P .. 'entry-ids', 'purchase ' .. ARGV[2])) or false end
return entryAt(redis.call('HGET', P .. 'entry-requests', ARGV[2])) or false
`;

/** Where the hold seen last is gone, its entry or else the caller's own memory tells its time. */
export const openHoldsLua = `${exactLua}${keysLua}${holdsLua}${entriesLua}
local before, after, afterAt, limit = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local from = 0
if after ~= '' then
  local rank = redis.call('ZRANK', P .. 'open', after)
  local entry = not rank and entryAt(redis.call('HGET', P .. 'entry-ids', 'purchase ' .. after))
  local seenAt = entry and entry[5] or afterAt
  if rank then
    from = rank + 1
  elseif seenAt ~= '' then
    from = redis.call('ZCOUNT', P .. 'open', '-inf', '(' .. seenAt)
    local same = redis.call('ZRANGEBYSCORE', P .. 'open', seenAt, seenAt)
    for _, id in ipairs(same) do if id <= after then from = from + 1 end end
  end
end
local holds = {}
for _, id in ipairs(redis.call('ZRANGE', P .. 'open', from, from + limit - 1)) do
  local hold = holdOf(id)
  if before ~= '' and tonumber(hold[2]) >= tonumber(before) then break end
  holds[#holds + 1] = hold
end
return holds
`;

/**
 * A range of time with few entries in it is read by the index of times: among many others, they may be anywhere. `seq` is what
 * pages go by, for entries of one time may be written at any.
 */
export const entriesPageLua = `${exactLua}${keysLua}${entriesLua}
local after, newest, since, before = ARGV[1], ARGV[2] == '1', ARGV[3], ARGV[4]
local request, limit, scanMax = ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[9])
local kinds = ARGV[5] ~= '' and {} or nil
if kinds then for _, kind in ipairs(cjson.decode(ARGV[5])) do kinds[kind] = true end end
local pieces = ARGV[6] ~= '' and cjson.decode(ARGV[6]) or nil
local ends = redis.call('HMGET', P .. 'meta', 'dropped', 'seq')
local first, last = tonumber(ends[1] or 0) + 1, tonumber(ends[2] or 0)
local step = newest and -1 or 1
if after ~= '' then
  if newest then last = math.min(after - 1, last) else first = math.max(after + 1, first) end
end

local from, to = since == '' and '-inf' or since, before == '' and '+inf' or '(' .. before
local timed = (since ~= '' or before ~= '') and redis.call('ZCOUNT', P .. 'entry-times', from, to) <= 10000
local seqs = {}
if timed then
  for _, text in ipairs(redis.call('ZRANGEBYSCORE', P .. 'entry-times', from, to)) do
    local seq = tonumber(text)
    if seq >= first and seq <= last then seqs[#seqs + 1] = seq end
  end
  table.sort(seqs)
end
local low, high = timed and 1 or first, timed and #seqs or last

local found, scanned = {}, 0
local i = newest and high or low
while i >= low and i <= high and #found < limit do
  local seq = timed and seqs[i] or i
  if scanned == scanMax then return {num(seq - step), found} end
  scanned = scanned + 1
  local entry = entryAt(num(seq))
  if entry then
    local at = tonumber(entry[5])
    if (since == '' or at >= tonumber(since)) and (before == '' or at < tonumber(before)) and (not kinds or kinds[entry[2]])
      and (request == '' or entry[4] == request) and (not pieces or matches(pieces, entry[3])) then
      found[#found + 1] = entry
    end
  end
  i = i + step
end
return {'', found}
`;

/**
 * One page of whole days, quarter hours, folded days, or whatever was folded beyond, grouped as asked: bucket, endpoint, tags, basis
 * and then held, spent, saved, calls, charged, cached, joined, refused, unknown, estimated. The first page brings the edges and the
 * open holds. Doubles add up exactly to 2^53, and what comes near is moved into texts; a sum of texts for every row would take
 * several times as long.
 */
export const totalsLua = `${exactLua}${keysLua}${entriesLua}
local asked, edges, since, before = ARGV[1], cjson.decode(ARGV[2]), ARGV[3], ARGV[4]
local grain, from, to, rowsMax = ARGV[5], ARGV[6], ARGV[7], tonumber(ARGV[8])
local byBucket, byEndpoint = string.find(asked, 'bucket'), string.find(asked, 'endpoint')
local byTags, byBasis = string.find(asked, 'tags'), string.find(asked, 'basis')
local nine = '^(%S+)' .. string.rep(' (%S+)', 8) .. '$'
local groups, order = {}, {}

local function groupOf(bucket, endpoint, tags, basis)
  local key = {byBucket and bucket or '', byEndpoint and endpoint or '', byTags and tags or '', byBasis and basis or ''}
  local name = asked == '' and '' or table.concat(key, string.char(10))
  local group = groups[name]
  if not group then
    group = {key = key, small = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, large = {}}
    groups[name] = group
    order[#order + 1] = group
  end
  return group
end

local function add(group, i, amount)
  local small = #amount < 16 and tonumber(amount)
  local total = small and group.small[i] + small
  if total and total < 4e15 and total > -4e15 then
    group.small[i] = total
  else
    group.large[i] = sum(group.large[i] or '0', amount)
  end
end

local function addAll(group, text)
  local a, b, c, d, e, f, g, h, i = string.match(text, nine)
  for at, amount in ipairs({a, b, c, d, e, f, g, h, i}) do
    if amount ~= '0' then add(group, at, amount) end
  end
end

local function bucketOf(at) return num(math.floor(tonumber(at) / quarterMs) * quarterMs) end

if ARGV[9] == '1' then
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 'open', since, before)) do
    local hold = redis.call('HMGET', P .. 'h:' .. id, 'at', 'amount', 'endpoint', 'tags', 'basis')
    local unknown = hold[2] == ''
    local group = groupOf(bucketOf(hold[1]), hold[3], hold[4], hold[5])
    if unknown then add(group, 8, '1') else add(group, 10, hold[2]) end
  end
  for _, edge in ipairs(edges) do
    for _, seq in ipairs(redis.call('ZRANGEBYSCORE', P .. 'entry-times', edge[1], edge[2])) do
      local e = entryAt(seq)
      local group = groupOf(bucketOf(e[5]), e[3], e[12], e[11])
      addAll(group, table.concat(sumsOf(e[2], e[7], e[8], e[9], e[10]), ' '))
    end
  end
end

local whole = wholeFrom()
if grain == 'wholes' and from ~= '' and string.sub(from, 1, 1) ~= '(' then from = num(math.max(tonumber(from), whole)) end
local rows, cursor = 0, ''
if from ~= '' then
  for _, bucket in ipairs(redis.call('ZRANGEBYSCORE', P .. grain, from, to, 'LIMIT', 0, rowsMax)) do
    local all = redis.call('HGETALL', P .. grain .. ':' .. bucket)
    for i = 1, #all, 2 do
      local row = (byEndpoint or byTags or byBasis) and cmsgpack.unpack(all[i]) or {}
      addAll(groupOf(bucket, row[1], row[3], row[2]), all[i + 1])
    end
    rows = rows + #all / 2
    cursor = bucket
    if rows >= rowsMax then break end
  end
  if rows < rowsMax then cursor = '' end
end
local answer = {cursor, num(whole)}
for i, group in ipairs(order) do
  local row = {unpack(group.key)}
  for _, at in ipairs({10, 1, 2, 3, 4, 5, 6, 7, 8, 9}) do
    row[#row + 1] = sum(group.large[at] or '0', string.format('%.0f', group.small[at]))
  end
  answer[i + 2] = row
end
return answer
`;

export const countersPageLua = `${exactLua}${keysLua}${countersLua}
local prefix, after, at, limit = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local from = after == '' and '[' .. prefix or '(' .. after
local counters = redis.call('ZRANGEBYLEX', P .. 'counters', from, '[' .. prefix .. string.char(255), 'LIMIT', 0, limit)
local found = {}
for _, counter in ipairs(counters) do
  local before, exists = state(counter, at)
  if exists then found[#found + 1] = {counter, unpack(before)} end
end
return {#counters == tonumber(limit) and counters[#counters] or '', found}
`;

/**
 * Every key begins as the first one given does, so all are in one slot of a cluster, under whatever prefix a client adds.
 *
 * `num` writes a number so that it is read back the same; Lua's own way keeps 14 digits. `matches` is the glob of endpoints:
 * only `*` means anything, and it comes cut into the pieces between them.
 */
export const keysLua = `
local P = string.sub(KEYS[1], 1, -5)

local function num(n) return string.format('%.17g', n) end

local function serverNow()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- As a duration by the server's clock, so that nobody's wrong clock ends what is counted. At most a thousand years.
local function expire(name, ms)
  redis.call('PEXPIRE', P .. name, num(math.min(math.ceil(ms), 31536000000000)))
end

local function matches(pieces, text)
  local first, last = pieces[1], pieces[#pieces]
  if #pieces == 1 then return text == first end
  if #text < #first + #last or string.sub(text, 1, #first) ~= first then return false end
  if string.sub(text, #text - #last + 1) ~= last then return false end
  local from, to = #first + 1, #text - #last
  for i = 2, #pieces - 1 do
    local a, b = string.find(text, pieces[i], from, true)
    if pieces[i] ~= '' then
      if not a or b > to then return false end
      from = b + 1
    end
  end
  return true
end
`;

/**
 * Exact integers as decimal text of any length, for Lua's numbers are doubles and lose a nano-dollar at 2^53.
 *
 * `sum(a, b)`, `minus(a)` and `atMost(a, b)`. Up to 15 characters a double is exact and quick; beyond, limbs of seven digits.
 */
export const exactLua = `
local function minus(a)
  if a == '0' then return a end
  if string.sub(a, 1, 1) == '-' then return string.sub(a, 2) end
  return '-' .. a
end

local function limbs(a)
  local sign, digits = 1, a
  if string.sub(a, 1, 1) == '-' then sign, digits = -1, string.sub(a, 2) end
  local out, last = {}, #digits
  while last > 0 do
    out[#out + 1] = sign * tonumber(string.sub(digits, math.max(1, last - 6), last))
    last = last - 7
  end
  return out
end

local function sum(a, b)
  if a == '0' then return b end
  if b == '0' then return a end
  if #a < 16 and #b < 16 then return string.format('%.0f', tonumber(a) + tonumber(b)) end
  local x, y, out = limbs(a), limbs(b), {}
  local top = math.max(#x, #y)
  for i = 1, top do out[i] = (x[i] or 0) + (y[i] or 0) end
  while top > 0 and out[top] == 0 do top = top - 1 end
  if top == 0 then return '0' end
  local sign = out[top] < 0 and -1 or 1
  local carry, text = 0, ''
  for i = 1, top do
    local limb = sign * out[i] + carry
    carry = math.floor(limb / 10000000)
    text = string.format('%07.0f', limb - carry * 10000000) .. text
  end
  if carry > 0 then text = string.format('%.0f', carry) .. text end
  text = string.gsub(text, '^0+', '')
  return sign < 0 and '-' .. text or text
end

local function atMost(a, b)
  if #a < 16 and #b < 16 then return tonumber(a) <= tonumber(b) end
  local rest = sum(a, minus(b))
  return rest == '0' or string.sub(rest, 1, 1) == '-'
end
`;

-- Maps: counts n words made of three syllables.
local Random = {}
Random.__index = Random

function Random:below(limit)
  self.seed = self.seed * 16807 % 2147483647
  return self.seed % limit
end

local function run(words)
  local syllables = {"ka", "lo", "mi", "ne", "pu", "ra", "so", "ti", "vu", "xe"}
  local random = setmetatable({seed = 74755}, Random)
  local counts = {}
  -- Tables have no order of their own: this keeps that of the first occurrence.
  local order = {}
  for _ = 1, words do
    local first = syllables[random:below(10) + 1]
    local second = syllables[random:below(10) + 1]
    local third = syllables[random:below(10) + 1]
    local word = first .. second .. third
    local count = counts[word]
    if not count then
      order[#order + 1] = word
      count = 0
    end
    counts[word] = count + 1
  end
  local top = ""
  local most = 0
  for _, word in ipairs(order) do
    if counts[word] > most then
      top = word
      most = counts[word]
    end
  end
  return top .. " " .. most .. " " .. #order
end

print(run(tonumber(arg[1])))

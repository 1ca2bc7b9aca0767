-- Allocation: builds trees of arrays, n of them, and counts their nodes.
local Random = {}
Random.__index = Random

function Random:next()
  self.seed = self.seed * 16807 % 2147483647
  return self.seed
end

local function grow(depth, random)
  if depth == 1 then return {random:next()} end
  return {
    grow(depth - 1, random),
    grow(depth - 1, random),
    grow(depth - 1, random),
    grow(depth - 1, random),
  }
end

local function count(tree)
  if #tree == 1 then return tree[1] % 2 end
  local total = 1
  for _, branch in ipairs(tree) do
    total = total + count(branch)
  end
  return total
end

local function run(rounds)
  local random = setmetatable({seed = 74755}, Random)
  local total = 0
  for _ = 1, rounds do
    total = total + count(grow(7, random))
  end
  return total
end

print(run(tonumber(arg[1])))

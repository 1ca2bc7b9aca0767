-- Array swaps and recursion: visits every order of seven numbers, n times.
local function swap(items, i, j)
  local kept = items[i]
  items[i] = items[j]
  items[j] = kept
end

-- Visits the orders of the first `count` items; returns how many there are,
-- weighted by what then stands in front.
local function visit(items, count)
  if count == 0 then return items[1] + 1 end
  local total = visit(items, count - 1)
  local i = 1
  while i < count do
    swap(items, i, count)
    total = total + visit(items, count - 1)
    swap(items, i, count)
    i = i + 1
  end
  return total
end

local function run(rounds)
  local total = 0
  for _ = 1, rounds do
    total = total + visit({0, 1, 2, 3, 4, 5, 6}, 7)
  end
  return total
end

print(run(tonumber(arg[1])))

-- Small ints in a loop: the sum of the numbers below n.
local function sum_below(n)
  local total = 0
  local i = 0
  while i < n do
    total = total + i
    i = i + 1
  end
  return total
end

print(string.format("%.0f", sum_below(tonumber(arg[1]))))

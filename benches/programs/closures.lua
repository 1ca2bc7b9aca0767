-- Closures: a pipeline of mapped, filtered and folded functions, n times.
local function map(items, f)
  local result = {}
  for i, item in ipairs(items) do result[i] = f(item) end
  return result
end

local function filter(items, f)
  local result = {}
  for _, item in ipairs(items) do
    if f(item) then result[#result + 1] = item end
  end
  return result
end

local function reduce(items, value, f)
  for _, item in ipairs(items) do value = f(value, item) end
  return value
end

local function each(items, f)
  for _, item in ipairs(items) do f(item) end
end

local function compose(f, g)
  return function(x) return g(f(x)) end
end

local function adder(amount)
  return function(x) return x + amount end
end

local function scaler(factor)
  return function(x) return x * factor end
end

local function counter()
  local count = 0
  return function(step)
    count = count + step
    return count
  end
end

local function run(rounds)
  local numbers = {}
  for i = 1, 100 do numbers[i] = i end
  local change = compose(compose(adder(3), scaler(5)), adder(-7))
  local count = counter()
  local total = 0
  local round = 0
  while round < rounds do
    local kept = filter(map(numbers, change), function(x) return x % 3 ~= round % 3 end)
    total = total + reduce(kept, 0, function(sum, x) return sum + x end)
    each(kept, function(x) count(x % 2) end)
    round = round + 1
  end
  return total + count(0)
end

print(string.format("%.0f", run(tonumber(arg[1]))))

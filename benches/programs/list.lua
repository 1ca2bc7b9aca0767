-- Linked lists and deep recursion: the Takeuchi function on lengths of lists, n times.
local function list_of(length)
  if length == 0 then return nil end
  return {next = list_of(length - 1)}
end

local function shorter(a, b)
  while b ~= nil do
    if a == nil then return true end
    a = a.next
    b = b.next
  end
  return false
end

local function tail(a, b, c)
  if shorter(b, a) then
    return tail(tail(a.next, b, c), tail(b and b.next, c, a), tail(c and c.next, a, b))
  end
  return c
end

local function length(list)
  local total = 0
  while list ~= nil do
    total = total + 1
    list = list.next
  end
  return total
end

local function run(rounds)
  local total = 0
  for _ = 1, rounds do
    total = total + length(tail(list_of(15), list_of(10), list_of(6)))
  end
  return total
end

print(run(tonumber(arg[1])))

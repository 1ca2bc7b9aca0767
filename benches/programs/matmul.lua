-- Floats in nested arrays: multiplies two n by n matrices.
local function matrix(size, scale)
  local rows = {}
  for i = 0, size - 1 do
    local row = {}
    for j = 0, size - 1 do
      row[j + 1] = (i - j) * (i + j) * scale
    end
    rows[i + 1] = row
  end
  return rows
end

local function transpose(m, size)
  local rows = {}
  for i = 1, size do
    local row = {}
    for j, other in ipairs(m) do row[j] = other[i] end
    rows[i] = row
  end
  return rows
end

local function dot(a, b, size)
  local sum = 0.0
  local k = 1
  while k <= size do
    sum = sum + a[k] * b[k]
    k = k + 1
  end
  return sum
end

local function multiply(a, b, size)
  local columns = transpose(b, size)
  local rows = {}
  for i, left in ipairs(a) do
    local row = {}
    for j, right in ipairs(columns) do row[j] = dot(left, right, size) end
    rows[i] = row
  end
  return rows
end

local function run(size)
  local product = multiply(matrix(size, 0.0005), matrix(size, 0.00025), size)
  local middle = math.floor(size / 2) + 1
  return dot(product[middle], product[1], size)
end

print(string.format("%.0f", math.floor(run(tonumber(arg[1])))))

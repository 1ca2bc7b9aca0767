-- Floats in a loop: points of an n by n grid that stay in the Mandelbrot set.
local function stays(cx, cy)
  local x = 0.0
  local y = 0.0
  local i = 0
  while i < 50 do
    local xx = x * x
    local yy = y * y
    if xx + yy > 4.0 then return false end
    y = 2.0 * x * y + cy
    x = xx - yy + cx
    i = i + 1
  end
  return true
end

local function run(size)
  local inside = 0
  local row = 0
  while row < size do
    local cy = 2.0 * row / size - 1.0
    local column = 0
    while column < size do
      if stays(2.0 * column / size - 1.5, cy) then inside = inside + 1 end
      column = column + 1
    end
    row = row + 1
  end
  return inside
end

print(run(tonumber(arg[1])))

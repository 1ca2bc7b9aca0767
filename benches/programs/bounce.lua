-- Fields and methods: a hundred balls bounce in a box for n steps.
local abs = math.abs

local Random = {}
Random.__index = Random

function Random:below(limit)
  self.seed = self.seed * 16807 % 2147483647
  return self.seed % limit
end

local Ball = {}
Ball.__index = Ball

function Ball.new(random)
  local self = setmetatable({}, Ball)
  self.x = random:below(500)
  self.y = random:below(500)
  self.dx = random:below(300) - 150
  self.dy = random:below(300) - 150
  return self
end

-- Moves on; returns whether a wall was hit.
function Ball:step()
  local hit = false
  self.x = self.x + self.dx
  self.y = self.y + self.dy
  if self.x > 500 then self.x = 500; self.dx = 0 - abs(self.dx); hit = true end
  if self.x < 0 then self.x = 0; self.dx = abs(self.dx); hit = true end
  if self.y > 500 then self.y = 500; self.dy = 0 - abs(self.dy); hit = true end
  if self.y < 0 then self.y = 0; self.dy = abs(self.dy); hit = true end
  return hit
end

local function run(steps)
  local random = setmetatable({seed = 74755}, Random)
  local balls = {}
  for i = 1, 100 do balls[i] = Ball.new(random) end
  local bounces = 0
  for _ = 1, steps do
    for _, ball in ipairs(balls) do
      if ball:step() then bounces = bounces + 1 end
    end
  end
  return bounces
end

print(run(tonumber(arg[1])))

-- Floats in fields: n steps of five bodies that attract each other.
local sqrt = math.sqrt

local function body(x, y, z, vx, vy, vz, mass)
  return {x = x, y = y, z = z, vx = vx, vy = vy, vz = vz, mass = mass}
end

local function bodies()
  return {
    body(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 40.0),
    body(5.0, -1.0, -0.1, 0.6, 2.8, -0.02, 0.04),
    body(8.0, 4.0, -0.4, -1.0, 1.8, 0.008, 0.01),
    body(13.0, -15.0, -0.2, 1.1, 0.9, -0.01, 0.002),
    body(15.0, -26.0, 0.2, 1.0, 0.6, -0.03, 0.002),
  }
end

local function attract(a, b, dt)
  local dx = a.x - b.x
  local dy = a.y - b.y
  local dz = a.z - b.z
  local square = dx * dx + dy * dy + dz * dz
  local pull = dt / (square * sqrt(square))
  local from_b = b.mass * pull
  local from_a = a.mass * pull
  a.vx = a.vx - dx * from_b
  a.vy = a.vy - dy * from_b
  a.vz = a.vz - dz * from_b
  b.vx = b.vx + dx * from_a
  b.vy = b.vy + dy * from_a
  b.vz = b.vz + dz * from_a
end

local function advance(all, dt)
  local count = #all
  local i = 1
  while i <= count do
    local a = all[i]
    local j = i + 1
    while j <= count do
      attract(a, all[j], dt)
      j = j + 1
    end
    i = i + 1
  end
  for _, body in ipairs(all) do
    body.x = body.x + dt * body.vx
    body.y = body.y + dt * body.vy
    body.z = body.z + dt * body.vz
  end
end

local function energy(all)
  local sum = 0.0
  for _, body in ipairs(all) do
    local square = body.vx * body.vx + body.vy * body.vy + body.vz * body.vz
    sum = sum + 0.5 * body.mass * square
  end
  return sum
end

local function run(steps)
  local all = bodies()
  for _ = 1, steps do advance(all, 0.01) end
  return math.floor(energy(all) * 1000000000.0)
end

print(string.format("%.0f", run(tonumber(arg[1]))))

-- String building: n lines of numbers joined from pieces, then taken apart.
local function line(i)
  local pieces = {}
  local k = 0
  while k < 8 do
    pieces[#pieces + 1] = tostring(i * 31 + k * 7)
    k = k + 1
  end
  return table.concat(pieces, ",")
end

local function digits(text)
  local sum = 0
  local i = 1
  local size = #text
  while i <= size do
    local byte = text:byte(i)
    if byte ~= 44 then sum = sum + (byte - 48) end
    i = i + 1
  end
  return sum
end

local function split(text, separator)
  local parts = {}
  local start = 1
  while true do
    local found = text:find(separator, start, true)
    if not found then break end
    parts[#parts + 1] = text:sub(start, found - 1)
    start = found + 1
  end
  parts[#parts + 1] = text:sub(start)
  return parts
end

local function run(lines)
  local sum = 0
  local longest = ""
  local i = 0
  while i < lines do
    local text = line(i) .. ";" .. line(i + 1)
    for _, part in ipairs(split(text, ";")) do sum = sum + digits(part) end
    if #text > #longest then longest = text end
    i = i + 1
  end
  return sum .. " " .. longest
end

print(run(tonumber(arg[1])))

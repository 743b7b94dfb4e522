local width, height, limit = 32, 16, 25
local total = 0
for y = 0, height - 1 do
    local ci = y / height * 2 - 1
    for x = 0, width - 1 do
        local cr = x / width * 3 - 2
        local zr, zi, n = 0, 0, 0
        while n < limit and zr * zr + zi * zi < 4 do
            local t = zr * zr - zi * zi + cr
            zi = 2 * zr * zi + ci
            zr = t
            n = n + 1
        end
        total = total + n
    end
end
return total

local sum = 0
for i = 0, 29 do
    for j = 0, 29 do
        for k = 0, 19 do
            sum = sum + (i * j + k) % 7
        end
    end
end
return sum

(function () {
    const width = 32, height = 16, limit = 25
    let total = 0
    for (let y = 0; y < height; y++) {
        const ci = y / height * 2 - 1
        for (let x = 0; x < width; x++) {
            const cr = x / width * 3 - 2
            let zr = 0, zi = 0, n = 0
            while (n < limit && zr * zr + zi * zi < 4) {
                const t = zr * zr - zi * zi + cr
                zi = 2 * zr * zi + ci
                zr = t
                n++
            }
            total += n
        }
    }
    return total
})()

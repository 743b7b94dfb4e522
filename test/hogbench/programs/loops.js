(function () {
    let sum = 0
    for (let i = 0; i < 30; i++) {
        for (let j = 0; j < 30; j++) {
            for (let k = 0; k < 20; k++) {
                sum += (i * j + k) % 7
            }
        }
    }
    return sum
})()

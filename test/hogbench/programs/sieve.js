(function () {
    const limit = 3000
    const prime = []
    for (let i = 0; i <= limit; i++) { prime[i] = true }
    for (let i = 2; i * i <= limit; i++) {
        if (prime[i]) {
            for (let j = i * i; j <= limit; j += i) { prime[j] = false }
        }
    }
    let count = 0
    for (let i = 2; i <= limit; i++) {
        if (prime[i]) { count++ }
    }
    return count
})()

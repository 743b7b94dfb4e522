import { once } from 'node:events'

const end = once(process.stdin, 'end')
process.stdin.resume()

// held ends when the test, which looks for the events meanwhile, closes the standard input.
export const held = () => end

// SHA-256 (FIPS 180-4) in plain code: the one of browsers answers later, and for a million short
// texts most of the time would go into waiting for it.

const digestBytes = 32
const blockBytes = 64

/** The round constants: 32 bits of the cube roots of the first 64 primes. */
const roundConstants = new Int32Array(64)
/** 32 bits of the square roots of the first 8. */
const firstState = new Int32Array(8)
for (let candidate = 2, found = 0; found < 64; candidate += 1) {
  if (!isPrime(candidate)) continue
  if (found < 8) firstState[found] = fractionBits(Math.sqrt(candidate))
  roundConstants[found] = fractionBits(Math.cbrt(candidate))
  found += 1
}

function isPrime(candidate: number): boolean {
  for (let factor = 2; factor * factor <= candidate; factor += 1) {
    if (candidate % factor === 0) return false
  }
  return true
}

function fractionBits(root: number): number {
  return ((root % 1) * 2 ** 32) | 0
}

const schedule = new Int32Array(64)
const state = new Int32Array(8)
/** The end of a text with its padding. */
const tail = new Uint8Array(2 * blockBytes)
const tailView = new DataView(tail.buffer)

export function sha256(bytes: Uint8Array): Uint8Array {
  state.set(firstState)
  const whole = bytes.length - (bytes.length % blockBytes)
  for (let at = 0; at < whole; at += blockBytes) takeBlock(bytes, at)
  const rest = bytes.length - whole
  const tailBytes = rest < blockBytes - 8 ? blockBytes : 2 * blockBytes
  tail.fill(0)
  for (let at = 0; at < rest; at += 1) tail[at] = bytes[whole + at] ?? 0
  tail[rest] = 0x80
  tailView.setUint32(tailBytes - 8, Math.floor(bytes.length / 2 ** 29))
  tailView.setUint32(tailBytes - 4, (bytes.length << 3) >>> 0)
  for (let at = 0; at < tailBytes; at += blockBytes) takeBlock(tail, at)
  const digest = new Uint8Array(digestBytes)
  const view = new DataView(digest.buffer)
  for (let word = 0; word < 8; word += 1) view.setInt32(word * 4, state[word] ?? 0)
  return digest
}

function takeBlock(bytes: Uint8Array, from: number): void {
  fillSchedule(bytes, from)
  let a = wordAt(state, 0)
  let b = wordAt(state, 1)
  let c = wordAt(state, 2)
  let d = wordAt(state, 3)
  let e = wordAt(state, 4)
  let f = wordAt(state, 5)
  let g = wordAt(state, 6)
  let h = wordAt(state, 7)
  for (let round = 0; round < 64; round += 1) {
    const sums = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)
    const chosen = (e & f) ^ (~e & g)
    const first = (h + sums + chosen + wordAt(roundConstants, round) + wordAt(schedule, round)) | 0
    const most = (a & b) ^ (a & c) ^ (b & c)
    const second = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + most) | 0
    h = g
    g = f
    f = e
    e = (d + first) | 0
    d = c
    c = b
    b = a
    a = (first + second) | 0
  }
  add(0, a)
  add(1, b)
  add(2, c)
  add(3, d)
  add(4, e)
  add(5, f)
  add(6, g)
  add(7, h)
}

function fillSchedule(bytes: Uint8Array, from: number): void {
  for (let word = 0, place = from; word < 16; word += 1, place += 4) {
    schedule[word] =
      (byte(bytes, place) << 24) |
      (byte(bytes, place + 1) << 16) |
      (byte(bytes, place + 2) << 8) |
      byte(bytes, place + 3)
  }
  for (let word = 16; word < 64; word += 1) {
    const early = wordAt(schedule, word - 15)
    const late = wordAt(schedule, word - 2)
    const mixed = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3)
    const mixedLate = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10)
    schedule[word] = wordAt(schedule, word - 16) + mixed + wordAt(schedule, word - 7) + mixedLate
  }
}

function turned(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits))
}

function wordAt(words: Int32Array, place: number): number {
  return words[place] as number
}

function byte(bytes: Uint8Array, place: number): number {
  return bytes[place] as number
}

function add(word: number, value: number): void {
  state[word] = (wordAt(state, word) + value) | 0
}

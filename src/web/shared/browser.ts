// The only place where pages ask for time and chance, and where what strict browsers forbid by a
// throw is simply not there.

/** Milliseconds since the page began, by a clock that nobody sets. */
export function monotonic(): number {
  return performance.now()
}

/** Returns what cancels it. */
export function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

export function every(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms)
  return () => clearInterval(timer)
}

/** `ms`, less or more by up to `share` of it: so that a crowd does not ask in step. */
export function jittered(ms: number, share: number): number {
  return ms * (1 + share * (2 * Math.random() - 1))
}

/** 128 bits by chance, in hexadecimal digits; also over plain http, which has no `randomUUID`. */
export function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Under what a page keeps something for its tab. */
export const keptKeys = { token: 'firstcome:token', language: 'firstcome:language' }

/** Null where there is none, or where the browser keeps nothing for a frame. */
export function stored(key: string): string | null {
  try {
    return sessionStorage.getItem(key)
  } catch {
    return null
  }
}

/** For this tab; null takes it away. */
export function store(key: string, value: string | null): void {
  try {
    if (value === null) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, value)
  } catch {
    // Then it does not survive a reload.
  }
}

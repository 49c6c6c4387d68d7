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

/** Null where it throws. */
export function tried<Value>(run: () => Value): Value | null {
  try {
    return run()
  } catch {
    return null
  }
}

/** Null where there is none, or where the browser keeps nothing for a frame. */
export function stored(key: string): string | null {
  return tried(() => sessionStorage.getItem(key))
}

/** For this tab; where that is forbidden, it does not survive a reload. */
export function store(key: string, value: string): void {
  tried(() => sessionStorage.setItem(key, value))
}

/** An object that came as a text, or an empty one. */
export function parsed(json: () => string | null): Readonly<Record<string, unknown>> {
  return Object(tried(() => JSON.parse(json() as string)))
}

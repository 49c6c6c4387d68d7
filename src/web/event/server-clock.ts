// The server's time, from the header of its answers and a clock that nobody sets. An answer was
// made before it arrived, so what it says is never ahead: the latest of several is the best, and
// what is shown never runs early and never backwards.

export type ServerClock = {
  /** `serverTime` stood in an answer that arrived at `at`. */
  learn(serverTime: number, at: number): void
  /** Null: nothing is known yet. */
  at(now: number): number | null
}

/** Some two minutes of polls: clocks that run at other speeds are followed. */
const samplesMax = 60

export function createServerClock(): ServerClock {
  const offsets: number[] = []
  let shown = 0
  return {
    learn(serverTime, at) {
      offsets.push(serverTime - at)
      if (offsets.length > samplesMax) offsets.shift()
    },
    at(now) {
      if (offsets.length === 0) return null
      shown = Math.max(shown, now + Math.max(...offsets))
      return shown
    },
  }
}

/** `mm:ss`, `h:mm:ss`, and the whole days apart. */
export function countdown(ms: number): { days: number; time: string } {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  const two = (n: number) => String(n).padStart(2, '0')
  const [days, hours] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24]
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return { days, time: days + hours > 0 ? `${hours}:${rest}` : rest }
}

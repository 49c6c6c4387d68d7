// The server's time, from the header of its answers and a clock that nobody sets. An answer was
// made before it arrived, so what it says is never ahead: the latest of several is the best, and
// what is shown never runs early and never backwards.

export type ServerClock = {
  /** `serverTime` stood in an answer that arrived at `at`. */
  learn(serverTime: number, at: number): void
  /** 0: nothing is known yet. */
  at(now: number): number
}

/** Some two minutes of polls: clocks that run at other speeds are followed. */
const samplesMax = 60

export function createServerClock(): ServerClock {
  const offsets: number[] = []
  let latest = 0
  return {
    learn(serverTime, at) {
      if (offsets.push(serverTime - at) > samplesMax) offsets.shift()
    },
    at(now) {
      latest = Math.max(latest, now + Math.max(...offsets))
      return latest
    },
  }
}

/** `mm:ss`, `h:mm:ss`, and the whole days before it, which `days` names. */
export function countdown(ms: number, days: string): string {
  const seconds = Math.ceil(ms / 1000)
  const inHours = seconds % 86_400
  const clock = new Date(inHours * 1000).toISOString()
  const time = seconds < 3600 ? clock.slice(14, 19) : clock.slice(inHours < 36_000 ? 12 : 11, 19)
  return (seconds < 86_400 ? '' : Math.floor(seconds / 86_400) + days) + time
}

// Lets so many jobs run at once, and the others in the order in which they came.

export type Slots = {
  /** How many run or wait. */
  pending(): number
  run<T>(job: () => Promise<T>): Promise<T>
}

export function createSlots(max: number): Slots {
  const waiting: (() => void)[] = []
  let running = 0
  return {
    pending: () => running + waiting.length,
    async run(job) {
      if (running < max) running++
      else await new Promise<void>((resolve) => waiting.push(resolve))
      try {
        return await job()
      } finally {
        const next = waiting.shift()
        if (next === undefined) running--
        else next()
      }
    },
  }
}

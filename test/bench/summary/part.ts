// A part of the benchmark: what it is given, and what it says.

export type PartOptions = {
  quick: boolean
  /** On the disk that is to be measured. */
  directory: string
  only?: string | undefined
  say(what: string): void
  /**
   * Fails where the work takes too long or is interrupted. To be called where a `finally` ends
   * all that was started.
   */
  bounded<T>(work: Promise<T>): Promise<T>
}
/** By the names in wanted.ts. NaN: it does not count; infinite: it did not get there. */
export type Figures = Readonly<Record<string, number>>
export type PartReport = {
  /** For people. */
  text: string
  figures: Figures
  /** Why figures do not count. */
  voids: readonly string[]
  /** All that was measured, for scripts. */
  report: unknown
}
export type Part = {
  /** What it measures, in some words. */
  about: string
  minutes: number
  /** What --only can name of it. */
  only?: readonly string[]
  run(options: PartOptions): Promise<PartReport>
}

/** How far beyond what it takes here a part may go: a machine can be slow, but has to end. */
export const lateFactor = 4

export async function interruptible<T>(work: Promise<T>, msMax: number): Promise<T> {
  const stopped = Promise.withResolvers<never>()
  const stop = (why: string) => stopped.reject(new Error(why))
  const late = setTimeout(() => stop('it took far longer than it should'), msMax)
  const interrupted = () => stop('interrupted')
  process.once('SIGINT', interrupted)
  process.once('SIGTERM', interrupted)
  try {
    return await Promise.race([work, stopped.promise])
  } finally {
    clearTimeout(late)
    process.off('SIGINT', interrupted)
    process.off('SIGTERM', interrupted)
  }
}

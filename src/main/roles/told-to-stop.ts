// Ends a start that is told to stop while it waits for something.

/** Thrown by a start that was told to stop. */
export class ToldToStop extends Error {}

export type Told = {
  /** Rejects once the signal comes. */
  promise: Promise<never>
  forget(): void
}

export function toldBy(signal: AbortSignal): Told {
  const told = Promise.withResolvers<never>()
  const stop = () => told.reject(new ToldToStop('told to stop'))
  // Nobody may be waiting when it comes.
  told.promise.catch(() => {})
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop)
  return { promise: told.promise, forget: () => signal.removeEventListener('abort', stop) }
}

export async function unlessTold<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const told = toldBy(signal)
  return Promise.race([work, told.promise]).finally(told.forget)
}

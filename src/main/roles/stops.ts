// What a role has started and must stop again, in reverse order, also where a start fails halfway;
// and how a start ends that is asked to stop while it waits for something.

/** Each stop is given with `defer`, right after its start. */
export type Stops = Pick<AsyncDisposableStack, 'defer'>

/** Gives what `start` gives, with a `close` that stops all that it has deferred. */
export async function withStops<T extends object>(
  start: (stops: Stops) => Promise<T>,
): Promise<T & { close(): Promise<void> }> {
  await using stops = new AsyncDisposableStack()
  const started = await start(stops)
  const kept = stops.move()
  return { ...started, close: () => kept.disposeAsync() }
}

/** Thrown by a start that was asked to stop. */
export class StopRequested extends Error {}

/** What `work` gives; rejects with StopRequested once the signal comes. */
export async function unlessStopped<T>(
  signal: AbortSignal | undefined,
  work: Promise<T>,
): Promise<T> {
  const stop = Promise.withResolvers<never>()
  const request = () => stop.reject(new StopRequested('a stop was requested'))
  if (signal?.aborted) request()
  signal?.addEventListener('abort', request)
  return Promise.race([work, stop.promise]).finally(() => {
    signal?.removeEventListener('abort', request)
  })
}

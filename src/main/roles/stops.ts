// What must be stopped again, in the reverse order of its start, also where a start fails halfway.

export type Stop = () => void | Promise<void>
export type Stops = { push(stop: Stop): void }

/** Gives what `start` gives, with a `close` that stops all that it has pushed. */
export async function withStops<T extends object>(
  start: (stops: Stops) => Promise<T>,
): Promise<T & { close(): Promise<void> }> {
  const stops: Stop[] = []
  async function close(): Promise<void> {
    for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop()
  }
  try {
    return { ...(await start(stops)), close }
  } catch (error) {
    await close()
    throw error
  }
}

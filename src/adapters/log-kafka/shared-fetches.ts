// Fetches of tails of one process that ask a broker for the same: the consumers of orders read the
// same topics, and once they have read all there is, they wait for the same. One of them asks, and
// all are answered. What only one wants is asked as ever; nothing is kept once it is answered.

import type { Fetched, FetchRequest } from './requests.ts'

export type Asking = {
  /** Aborted when whoever asks has ended; then what it has sent is cut off. */
  signal: AbortSignal
  send(): Promise<Fetched>
}

export class SharedFetches {
  /** By what is asked; null: who asked has ended before it was answered. */
  private readonly underWay = new Map<string, Promise<Fetched | null>>()

  /** Null where whoever asks has ended. Rejects as the one question did. */
  async fetch(node: number, request: FetchRequest, asking: Asking): Promise<Fetched | null> {
    const name = nameOf(node, request)
    const { signal } = asking
    while (!signal.aborted) {
      const asked = this.underWay.get(name)
      if (asked === undefined) return this.ask(name, asking)
      const answer = await unlessEnded(signal, asked)
      if (answer !== null) return answer
    }
    return null
  }

  private ask(name: string, asking: Asking): Promise<Fetched | null> {
    const answer = this.answered(name, asking)
    this.underWay.set(name, answer)
    return answer
  }

  private async answered(name: string, { signal, send }: Asking): Promise<Fetched | null> {
    try {
      return await send()
    } catch (error) {
      if (signal.aborted) return null
      throw error
    } finally {
      // Before anybody is told: who asks again then asks anew.
      this.underWay.delete(name)
    }
  }
}

/** In whatever order the partitions are. */
function nameOf(node: number, { topicId, partitions, waitMsMax, bytesMax }: FetchRequest): string {
  const places = partitions.map(({ partition, offset, readEpoch, leaderEpoch }) => {
    return `${partition}:${offset}:${readEpoch}:${leaderEpoch}`
  })
  return [node, topicId, waitMsMax, bytesMax, ...places.sort()].join(' ')
}

/** A race with a promise of the signal would keep each answer for as long as the signal lives. */
function unlessEnded<Answer>(
  signal: AbortSignal,
  answer: Promise<Answer | null>,
): Promise<Answer | null> {
  return new Promise((resolve, reject) => {
    const ended = () => resolve(null)
    signal.addEventListener('abort', ended, { once: true })
    const over = () => signal.removeEventListener('abort', ended)
    answer.finally(over).then(resolve, reject)
  })
}

// Calls from one thread to another over a port: each has a number, and its answer comes back with
// that number, in any order. Other messages may go over the same port; they have no `call`.

import type { MessagePort, Worker } from 'node:worker_threads'
import { messageOf, PortError, type PortErrorCode } from '../ports/port-error.ts'

type Call<Question> = { call: number; question: Question }
type Reply<Answer> =
  | { call: number; answer: Answer; failure?: never }
  | { call: number; failure: Failure }
/** A PortError as it goes from thread to thread; by itself it would arrive as a bare Error. */
export type Failure = Pick<PortError, 'code' | 'message' | 'retryable' | 'appended'> & {
  isOfTable?: true
}

export type ThreadCalls<Question, Answer> = {
  /**
   * Rejects with the PortError that the other thread met, or as `end` says. `given`: parts of the
   * question that are moved there instead of copied.
   */
  ask(question: Question, given?: readonly ArrayBuffer[]): Promise<Answer>
  /** How many have been asked and not been answered. */
  pending(): number
  /** Rejects what is pending and whatever is asked later. Only the first call counts. */
  end(error: Error): void
}

/** The asking end. `closed`: what is rejected with when the port closes or the thread ends. */
export function callThread<Question, Answer>(
  port: MessagePort | Worker,
  closed: () => Error,
): ThreadCalls<Question, Answer> {
  const pending = new Map<number, PromiseWithResolvers<Answer>>()
  let lastCall = 0
  let ended: Error | null = null

  function end(error: Error): void {
    ended ??= error
    for (const { reject } of pending.values()) reject(ended)
    pending.clear()
  }

  port.on('message', (reply: Reply<Answer>) => {
    const asked = pending.get(reply.call)
    pending.delete(reply.call)
    if (reply.failure === undefined) asked?.resolve(reply.answer)
    else asked?.reject(portErrorOf(reply.failure))
  })
  // A port closes from either end, and when the other thread dies.
  for (const event of ['close', 'exit']) port.on(event, () => end(closed()))

  return {
    async ask(question, given = []) {
      if (ended !== null) throw ended
      const answer = Promise.withResolvers<Answer>()
      lastCall++
      pending.set(lastCall, answer)
      port.postMessage({ call: lastCall, question } satisfies Call<Question>, [...given])
      return answer.promise
    },
    pending: () => pending.size,
    end,
  }
}

/** The answering end. `otherwise`: the code of errors that are no PortError. */
export function answerCalls(
  port: MessagePort,
  answer: (question: never) => unknown,
  otherwise: PortErrorCode,
): void {
  port.on('message', ({ call, question }: Call<never>) => {
    const send = (reply: Reply<unknown>) => port.postMessage(reply)
    Promise.try(answer, question).then(
      (given) => send({ call, answer: given }),
      (error: unknown) => send({ call, failure: failureOf(error, otherwise) }),
    )
  })
}

export function failureOf(error: unknown, otherwise: PortErrorCode): Failure {
  if (!(error instanceof PortError)) {
    return { code: otherwise, message: messageOf(error), retryable: false, appended: 'unknown' }
  }
  const { code, message, retryable, appended } = error
  return { code, message, retryable, appended, ...(error.isOfTable && { isOfTable: true }) }
}

export function portErrorOf({ code, message, ...options }: Failure): PortError {
  return new PortError(code, message, options)
}

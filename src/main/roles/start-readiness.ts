// What `/readyz` says of a role that has not started yet or is stopping, the same for every role:
// which step of the start it is at, from its first moment on.

import type { Readiness } from '../../api/claims/claim-answers.ts'

export type StartReadiness = {
  /** As in "starting: reading the log"; null: nothing to say of it. */
  onStep(step: string | null): void
  onWaiting(what: string | null): void
  started(): void
  /** null: it has started, and no stop was asked for. */
  unready(): Readiness | null
}

export function startReadiness(signal: AbortSignal | undefined): StartReadiness {
  let step: string | null = null
  let isStarted = false
  const onStep: StartReadiness['onStep'] = (next) => {
    step = next
  }
  return {
    onStep,
    onWaiting: (what) => onStep(what === null ? null : `waiting for ${what}`),
    started() {
      isStarted = true
    },
    unready() {
      if (signal?.aborted) return notReady('stopping')
      if (isStarted) return null
      return notReady(step === null ? 'starting' : `starting: ${step}`)
    },
  }
}

function notReady(reason: string): Readiness {
  return { ready: false, reasons: [reason] }
}

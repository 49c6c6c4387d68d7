// The process of a rehearsal or an audit that was started from the console: runs the command as it
// is on the command line, and says how far it is and what came of it. It ends with who started it.

import { constants, setPriority } from 'node:os'
import type { RunAsked, RunTold } from '../../roles/runs/run-messages.ts'
import { runNow } from './run-now.ts'

/** For taking away what was made, once nobody listens any more. */
const orphanMsMax = 10_000

process.once('message', (asked: RunAsked) => {
  // A sale may go on meanwhile: who claims comes first.
  if (asked.kind === 'audit') setPriority(constants.priority.PRIORITY_LOW)
  process.on('message', stop)
  process.on('disconnect', () => {
    stop()
    setTimeout(() => process.exit(1), orphanMsMax).unref()
  })
  void runNow(asked, (progress) => tell({ progress })).then((result) => {
    tell({ result })
    process.disconnect?.()
    process.exit(0)
  })
})

let isStopping = false

/** As Ctrl-C does it, once: a rehearsal ends with what is known, whatever cannot at once. */
function stop(): void {
  if (isStopping) return
  isStopping = true
  if (process.listenerCount('SIGINT') > 0) process.emit('SIGINT')
  else process.exit(1)
}

function tell(told: RunTold): void {
  if (process.connected) process.send?.(told)
}

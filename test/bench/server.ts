// The server that the benchmark measures: the embedded service as it is, with the constant call.
// Prints its address once it is ready, and stops on SIGTERM.

import { pino } from 'pino'
import { environment, readSettings } from '../../src/config/settings.ts'
import { startEmbedded } from '../../src/main/roles/embedded.ts'
import { addConstantRoute } from './constant-route.ts'

const read = readSettings(environment())
if (!read.ok) throw new Error(read.mistakes.join('\n'))
const running = await startEmbedded({
  settings: read.settings,
  logger: pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true })),
  onFatal(error) {
    throw error
  },
  extraRoutes: addConstantRoute,
})
process.once('SIGTERM', () => void running.close())
process.stdout.write(`${JSON.stringify({ url: running.url })}\n`)

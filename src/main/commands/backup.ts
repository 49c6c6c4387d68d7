// `firstcome backup`: a copy of the log of an embedded service as of one moment, with its secrets,
// while the service runs or not. The rows are left out: they follow from the log.

import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { systemClock } from '../../adapters/clock-system.ts'
import { keptFiles } from '../../adapters/data-directory.ts'
import { syncDirectory } from '../../adapters/file-atomic.ts'
import { copyLog } from '../../adapters/log-file/copy.ts'
import { topicPath } from '../../adapters/log-file/topic-readers.ts'
import { startProgress } from '../../client/progress.ts'
import { CommandError, type Context, type ExitCode, exitCodes } from '../context.ts'
import { embeddedTopics } from '../roles/topics.ts'
import { isDistributed, refuseWithoutLog } from './audit-source.ts'

export async function runBackup(
  { directory, json }: { directory: string; json?: boolean },
  { settings, out, err }: Context,
): Promise<ExitCode> {
  const { dataDirectory: from } = settings
  const to = resolve(directory)
  if (isDistributed(settings)) throw refused('the log is in Kafka: back up its topics there')
  refuseWithoutLog(from)
  if (existsSync(to) && readdirSync(to).length > 0) throw refused(`${to} is not empty`)
  mkdirSync(to, { recursive: true, mode: 0o700 })
  const clock = systemClock()
  const progress = startProgress(clock, err)
  const onProgress = (done: number, total: number) => {
    progress.show('Checking the stored log', done / total)
  }
  try {
    // A directory of an earlier version may lack topics that its next start makes.
    const names = Object.entries(embeddedTopics)
    const topics = Object.fromEntries(names.filter(([name]) => existsSync(topicPath(from, name))))
    // First: whatever they say was published, the log that is copied behind them has.
    for (const name of keptFiles) {
      if (existsSync(join(from, name))) copyFileSync(join(from, name), join(to, name))
    }
    const records = await copyLog({ from, to, topics, clock, onProgress })
    syncDirectory(to)
    const done = { directory: to, records }
    out(json === true ? `${JSON.stringify(done)}\n` : backupText(done))
    return exitCodes.ok
  } finally {
    progress.end()
  }
}

function refused(why: string): CommandError {
  return new CommandError(exitCodes.wrongUsage, why)
}

function backupText({ directory, records }: { directory: string; records: number }): string {
  const count = records.toLocaleString('en')
  const proof = `npx firstcome audit --data ${directory}`
  return `${count} records in ${directory}. Prove the copy: ${proof}\n`
}

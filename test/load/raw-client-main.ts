// Runs one load job, given as JSON in a file or on standard input, and prints its result as one
// line of JSON. A process of its own, so that it can be pinned to a core:
//   taskset -c 1 node test/load/raw-client-main.ts job.json

import { readFileSync } from 'node:fs'
import { type LoadJob, runLoadJob } from './load-job.ts'

const [file] = process.argv.slice(2)
const job = JSON.parse(readFileSync(file ?? 0, 'utf8')) as LoadJob
process.stdout.write(`${JSON.stringify(await runLoadJob(job))}\n`)

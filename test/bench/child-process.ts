// Processes of the benchmark, each on the cores that it is meant to have.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onCores } from './machine.ts'

export type Command = {
  /** What follows `node`. */
  args: readonly string[]
  cores: string | undefined
  env?: Readonly<Record<string, string>>
  /** For its standard input. */
  input?: string
  /** Whatever it ends with, what it has printed counts: where it has printed something. */
  mayFail?: boolean
}
export type Finished = { output: string; seconds: number }

/** As `bin/firstcome.js` has it: who starts a service has started it before. */
const keptCompiled = fileURLToPath(import.meta.resolve('../../node_modules/.cache/node'))

/** None outlives the process that measures. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export function launch({ args, cores, env, input = '' }: Command): ChildProcess {
  const [file = '', ...rest] = onCores(cores, [process.execPath, ...args])
  const child = spawn(file, rest, {
    env: {
      PATH: process.env.PATH ?? '',
      NODE_COMPILE_CACHE: keptCompiled,
      FIRSTCOME_LOG_LEVEL: 'warn',
      ...env,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin?.end(input)
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

/** Runs it to its end; fails where it does. */
export async function run(command: Command): Promise<Finished> {
  const startedAt = performance.now()
  const child = launch(command)
  const ended = endOf(child)
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const code = await ended
  if (code !== 0 && (output === '' || command.mayFail !== true)) {
    throw new Error(`${command.args.join(' ')} ended with ${code}: ${output}`)
  }
  return { output, seconds: (performance.now() - startedAt) / 1000 }
}

export async function endOf(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, 'close')) as [number | null]
  return code
}

export async function stop(child: ChildProcess): Promise<void> {
  const { exitCode, signalCode } = child
  if (exitCode !== null || signalCode !== null) {
    throw new Error(`the service had ended by itself with ${exitCode ?? signalCode}`)
  }
  const ended = endOf(child)
  child.kill('SIGTERM')
  const code = await ended
  if (code !== 0) throw new Error(`the service ended with ${code}`)
}

const tellPeak = 'process.on("exit",()=>console.log(process.resourceUsage().maxRSS))'

/** The same of a program of Node, and the most memory that it had, in MB. */
export async function runWithPeak(command: Command): Promise<Finished & { megabytes: number }> {
  const args = ['--import', `data:text/javascript,${tellPeak}`, ...command.args]
  const { output, seconds } = await run({ ...command, args })
  const lines = output.trimEnd().split('\n')
  const megabytes = Number(lines.pop()) / 1024
  return { output: lines.join('\n'), seconds, megabytes }
}

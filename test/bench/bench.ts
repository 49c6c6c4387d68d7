// npm run bench: what firstcome does on this machine, part by part, and last the table of what is
// wanted and what was measured. Several parts run one after the other, each in a process of its
// own, so that none inherits the heap or the cores of another.

import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { run } from './child-process.ts'
import { machineText } from './machine.ts'
import { type PartName, parts, usualParts } from './parts.ts'
import { interruptible, lateFactor, type Part, type PartReport } from './summary/part.ts'
import { summaryText } from './summary/summary.ts'
import { wanted } from './summary/wanted.ts'

const help = `Usage: npm run bench -- [part …] [options]

Without a part, all of those marked * that the table of wanted figures needs. Each can be run
alone, and ends itself when it takes four times its time.

${Object.entries(parts).map(partLine).join('\n')}

  --quick            a tenth of the time or of the sizes: to see that it works, not to quote
  --json             print JSON and nothing else
  --directory <dir>  the disk to be measured (default: the temporary directory)
  --only <names>     some of a part, with commas between:
${Object.entries(parts).map(onlyLine).join('')}
orders without a measure named are alone, paces and speed. redemptions are of one process, with
--only distributed of Kafka's.
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    directory: { type: 'string', default: tmpdir() },
    only: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
const names = positionals.length === 0 ? usualParts : positionals
const only = values.only?.split(',') ?? []
if (values.help) process.stdout.write(help)
else if (!names.every(isPart) || !only.every((one) => names.some((name) => has(name, one)))) {
  process.stderr.write(help)
  process.exitCode = 2
} else if (names.length === 1 && names[0] !== undefined) await runOne(names[0])
else await runMany(names)

type Told = PartReport & { part: string; when: string; machine: string; seconds: number }

async function runOne(part: PartName): Promise<void> {
  const startedAt = performance.now()
  const say = (what: string) => process.stderr.write(values.json ? '' : `${what}\n`)
  say(beginningText(part))
  const msMax = parts[part].minutes * lateFactor * 60_000
  const bounded = <T>(work: Promise<T>) => {
    return interruptible(work, Math.max(0, startedAt + msMax - performance.now()))
  }
  const measured = await parts[part].run({ ...values, say, bounded })
  const seconds = Math.round((performance.now() - startedAt) / 1_000)
  const told: Told = { part, when: today(), machine: machineText(), seconds, ...measured }
  if (values.json) process.stdout.write(`${JSON.stringify(told)}\n`)
  else {
    process.stdout.write(partText(told))
    printSummary([told], new Map())
  }
  if (told.voids.length > 0) process.exitCode = 1
}

async function runMany(wantedParts: readonly PartName[]): Promise<void> {
  const told: Told[] = []
  const failed = new Map<string, string>()
  for (const part of wantedParts) {
    process.stderr.write(`${beginningText(part)}\n`)
    const own = only.filter((one) => has(part, one))
    const given = [
      '--json',
      `--directory=${values.directory}`,
      ...(values.quick ? ['--quick'] : []),
      ...(own.length === 0 ? [] : [`--only=${own.join(',')}`]),
    ]
    const args = [import.meta.filename, part, ...given]
    try {
      // A figure that does not count ends a part with 1, and is told all the same.
      const { output } = await run({ args, cores: undefined, mayFail: true })
      const one = JSON.parse(output) as Told
      told.push(one)
      if (!values.json) process.stdout.write(`${partText(one)}\n`)
    } catch (error) {
      failed.set(part, error instanceof Error ? error.message : String(error))
    }
  }
  if (values.json) {
    const all = { parts: told, failed: Object.fromEntries(failed) }
    process.stdout.write(`${JSON.stringify(all)}\n`)
  } else printSummary(told, failed)
  if (failed.size > 0 || told.some(({ voids }) => voids.length > 0)) process.exitCode = 1
}

function beginningText(part: PartName): string {
  const { about, minutes } = parts[part]
  return `${part}: ${about}; ${minutesText(minutes)}`
}

function partText({ part, text, seconds, voids }: Told): string {
  const reasons = voids.map((reason) => `VOID: ${reason}.\n`)
  return `\n# ${part} (${seconds} s)\n\n${text}${reasons.join('')}`
}

function printSummary(told: readonly Told[], failed: ReadonlyMap<string, string>): void {
  const figures = Object.assign({}, ...told.map((one) => one.figures))
  const table = summaryText(wanted, { figures, failed })
  if (table === '') return
  const quick = values.quick ? '; quick: sizes are smaller, nothing to quote' : ''
  process.stdout.write(`\n${today()}, ${machineText()}${quick}\n\n${table}`)
}

function isPart(name: string): name is PartName {
  return Object.hasOwn(parts, name)
}

function has(part: PartName, name: string): boolean {
  return onlyOf(part).includes(name)
}

function onlyOf(name: PartName): readonly string[] {
  const part: Part = parts[name]
  return part.only ?? []
}

function onlyLine([name]: [string, unknown]): string {
  const can = isPart(name) ? onlyOf(name) : []
  return can.length === 0 ? '' : `    ${name}: ${can.join(', ')}\n`
}

function partLine([name, { about, minutes }]: [string, (typeof parts)[PartName]]): string {
  const mark = (usualParts as readonly string[]).includes(name) ? '*' : ' '
  return `${mark} ${name.padEnd(13)}${about}; ${minutesText(minutes)}`
}

function minutesText(minutes: number): string {
  return minutes === 1 ? 'about a minute' : `about ${minutes} minutes`
}

function today(): string {
  return new Date().toISOString().slice(0, 10)
}

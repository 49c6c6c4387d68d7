// The command line as a whole: reads the settings, runs the command that was typed, and turns
// whatever happens into a message on standard error and an exit code.

import { readFileSync } from 'node:fs'
import { type Command, CommanderError } from 'commander'
import { DataDirectoryError } from '../adapters/data-directory.ts'
import { environment, readSettings, type SettingFlags } from '../config.ts'
import { PortError } from '../ports.ts'
import {
  CommandError,
  type CommandRun,
  type Context,
  type ExitCode,
  exitCodes,
} from './command-context.ts'
import { buildProgram, type Wire } from './command-line.ts'

/** `args` without the interpreter and the script. Never throws. */
export async function main(args: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.ok
  const wire: Wire = (command, load) => {
    command.action(async () => {
      exitCode = await runCommand(command, load)
    })
  }
  const program = buildProgram({ version: packageVersion(), wire, now: Date.now })
  for (const command of everyCommand(program)) command.exitOverride()
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    return report(error, wantsStack(program))
  }
}

/** For what was thrown where nobody waits: nothing can be trusted any more, so the process ends. */
export function fatalError(error: unknown): void {
  // The hint to ask for the stack would come too late for a service that has run for days.
  process.stderr.write(unexpectedText(error, true))
  process.exit(exitCodes.failed)
}

async function runCommand<Options>(
  command: Command,
  load: () => Promise<CommandRun<Options>>,
): Promise<ExitCode> {
  const options = command.optsWithGlobals<SettingFlags & Record<string, unknown>>()
  const read = readSettings(environment(), flagsOf(options))
  if (!read.ok) {
    const mistakes = read.mistakes.map((mistake) => `  ${mistake}`)
    const message = ['the settings are wrong:', ...mistakes].join('\n')
    throw new CommandError(exitCodes.wrongUsage, message)
  }
  for (const [at, { attributeName }] of argumentsOf(command).entries()) {
    options[attributeName] = command.processedArgs[at]
  }
  const run = await load()
  return run(options as Options, contextOf(read.settings))
}

function flagsOf({ port, host, data, logLevel }: SettingFlags): SettingFlags {
  return {
    ...(port === undefined ? {} : { port }),
    ...(host === undefined ? {} : { host }),
    ...(data === undefined ? {} : { data }),
    ...(logLevel === undefined ? {} : { logLevel }),
  }
}

function argumentsOf(command: Command): { attributeName: string }[] {
  return command.registeredArguments.map((argument) => ({ attributeName: argument.name() }))
}

function contextOf(settings: Context['settings']): Context {
  return {
    settings,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  }
}

function report(error: unknown, withStack: boolean): ExitCode {
  // Commander has printed its own message.
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.wrongUsage
  }
  if (error instanceof CommandError) {
    process.stderr.write(`firstcome: ${error.message}\n`)
    return error.exitCode
  }
  if (error instanceof DataDirectoryError) {
    process.stderr.write(`firstcome: ${error.message}\n`)
    return exitCodes.wrongUsage
  }
  if (error instanceof PortError && !withStack) {
    process.stderr.write(`firstcome: ${error.message}\n`)
    return exitCodes.failed
  }
  process.stderr.write(unexpectedText(error, withStack))
  return exitCodes.failed
}

/** A bug, or a failure that nobody foresaw: one line and a hint, or the stack. */
function unexpectedText(error: unknown, withStack: boolean): string {
  if (!(error instanceof Error)) return `firstcome: unexpected: ${String(error)}\n`
  if (withStack) return `firstcome: unexpected: ${error.stack ?? error.message}\n`
  const hint = 'Add --verbose to see where it comes from.'
  return `firstcome: unexpected: ${error.message.split('\n')[0]}\n${hint}\n`
}

function wantsStack(program: Command): boolean {
  const { DEBUG: debug = '' } = environment()
  return program.opts<{ verbose?: boolean }>().verbose === true || debug !== ''
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)]
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

// The command line as a whole: reads the settings, runs the command that was typed, and turns
// whatever happens into a message on standard error and an exit code.

import { type Command, CommanderError } from 'commander'
import { DataDirectoryError } from '../../adapters/data-directory.ts'
import type { SettingFlags } from '../../config/given-texts.ts'
import { neededSettings } from '../../config/setting-table.ts'
import { environment, present, readSettings, type SettingNeeds } from '../../config/settings.ts'
import { PortError } from '../../ports/port-error.ts'
import { CommandError, type CommandRun, type ExitCode, exitCodes } from '../context.ts'
import { packageVersion } from '../package-version.ts'
import { buildProgram, type Wire } from './program.ts'

/** `args` without the interpreter and the script. Never throws. */
export async function main(args: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.ok
  const wire: Wire = (command, load) => {
    command.action(async () => {
      exitCode = await runCommand(command, load)
    })
  }
  const program = buildProgram({ version: packageVersion(), wire })
  for (const command of everyCommand(program)) command.exitOverride()
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    const { exitCode: failed, text } = failureOf(error, wantsStack(program))
    process.stderr.write(text)
    return failed
  }
}

/** What a command that threw ends with, and says. */
export function failureOf(error: unknown, withStack: boolean): Failure {
  // Commander has printed its own message.
  if (error instanceof CommanderError) {
    return { exitCode: error.exitCode === 0 ? exitCodes.ok : exitCodes.wrongUsage, text: '' }
  }
  if (isListenError(error)) {
    const text = `firstcome: cannot listen: ${error.message}\n${listenHint}\n`
    return { exitCode: exitCodes.wrongUsage, text }
  }
  const exitCode = foreseenExitCode(error)
  if (exitCode === null) {
    return { exitCode: exitCodes.failed, text: unexpectedText(error, withStack) }
  }
  const { message, stack = message } = error as Error
  return { exitCode, text: `firstcome: ${withStack ? stack : message}\n` }
}
export type Failure = { exitCode: ExitCode; text: string }

/** Of failures that explain themselves; null for all others. */
function foreseenExitCode(error: unknown): ExitCode | null {
  if (error instanceof CommandError) return error.exitCode
  if (error instanceof DataDirectoryError) return exitCodes.wrongUsage
  return error instanceof PortError ? exitCodes.failed : null
}

const listenHint = 'Does it run already? Choose where to listen with --port and --host.'

/** The port is taken, or the address is none of this machine. */
function isListenError(error: unknown): error is Error {
  if (!(error instanceof Error) || !('syscall' in error)) return false
  return error.syscall === 'listen' || error.syscall === 'getaddrinfo'
}

/** For what was thrown where nobody waits: nothing can be trusted any more, so the process ends. */
export function fatalError(error: unknown): void {
  // The hint to ask for the stack would come too late for a service that has run for days.
  process.stderr.write(unexpectedText(error, true))
  process.exit(exitCodes.failed)
}

async function runCommand(
  command: Command,
  load: () => Promise<CommandRun<never>>,
): Promise<ExitCode> {
  const options = command.optsWithGlobals<SettingFlags & Record<string, unknown>>()
  const { port, host, data, logLevel } = options
  // What takes no value is there, or is not.
  const demo = options.demo === undefined ? undefined : 'true'
  const flags = present({ port, host, data, logLevel, demo })
  const read = readSettings(environment(), flags, needsOf(command))
  if (!read.ok) {
    const mistakes = read.mistakes.map((mistake) => `  ${mistake}`)
    const message = ['the settings are wrong:', ...mistakes].join('\n')
    throw new CommandError(exitCodes.wrongUsage, message)
  }
  for (const warning of read.warnings) process.stderr.write(`firstcome: ${warning}\n`)
  for (const [at, argument] of command.registeredArguments.entries()) {
    options[argument.name()] = command.processedArgs[at]
  }
  const run = await load()
  return run(options as never, {
    settings: read.settings,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  })
}

/** Roles are commands of their own: `rehearse orders` needs nothing of what `orders` needs. */
function needsOf(command: Command): SettingNeeds {
  const name = command.name()
  const isRole = command.parent?.parent === null
  return { command: name, names: isRole ? (neededSettings[name] ?? []) : [] }
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

//! The shape of the command line, and what is said when it is used wrongly.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser, Subcommand};

use crate::commands::{
    compile, completions, eval, explain, fmt, help, isle, parse as parse_source, pipe, repl, run,
};
use crate::report;

/// Run, inspect and compile Gene programs.
#[derive(Parser)]
#[command(name = "gene", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Execute a file, or standard input
    Run(run::Options),
    /// Execute code given as words
    #[command(visible_alias = "e")]
    Eval(eval::Options),
    /// Type code and see its value
    #[command(visible_alias = "r")]
    Repl(repl::Options),
    /// Execute code for each line of standard input
    Pipe(pipe::Options),
    /// Show code as the reader sees it
    Parse(parse_source::Options),
    /// Indent source files in place
    #[command(visible_alias = "format")]
    Fmt(fmt::Options),
    /// Show bytecode
    Compile(compile::Options),
    /// Work on the rules of the code generator
    Isle(isle::Options),
    /// Show how source lines become bytecode, rules and machine code
    Explain(explain::Options),
    /// Write a completion script for a shell
    Completions(completions::Options),
    /// Show this help, or that of a command
    #[command(visible_alias = "h")]
    Help(help::Options),
}

/// The definition, for help texts and completion scripts.
pub fn definition() -> clap::Command {
    Cli::command()
}

/// Reads the command line. Where it asks only for a text (help, the version)
/// or is wrong, that is answered here, and the status to end with returned.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Command, ExitCode> {
    let words = with_equals_signs(words.into_iter().collect());
    match Cli::try_parse_from(&words) {
        Ok(Cli { command }) => Ok(command.unwrap_or(Command::Help(help::Options::default()))),
        Err(error) => Err(answer(&error, &words)),
    }
}

/// Spells `--name:value` and `-x:value` with an equals sign. The words of a program's own stay as they are.
fn with_equals_signs(mut words: Vec<OsString>) -> Vec<OsString> {
    let may_be_respelled = |word: &OsString| {
        word.to_str()
            .is_some_and(|word| word.starts_with('-') && word.contains(':'))
    };
    if !words.iter().any(may_be_respelled) {
        return words;
    }
    let definition = definition();
    let command = words
        .get(1)
        .and_then(|name| definition.find_subcommand(name));
    let Some(command) = command else {
        return words;
    };
    let ends_at_positional = command
        .get_positionals()
        .any(|argument| argument.is_trailing_var_arg_set());
    let mut rest = words.iter_mut().skip(2);
    while let Some(word) = rest.next() {
        let Some(text) = word.to_str().filter(|&text| text != "--") else {
            break;
        };
        if !text.starts_with('-') {
            if ends_at_positional {
                break;
            }
            continue;
        }
        let end = text.find([':', '=']).unwrap_or(text.len());
        let option = command.get_arguments().find(|argument| {
            let long = text[..end].strip_prefix("--");
            let short = text[..end]
                .strip_prefix('-')
                .and_then(|name| name.parse().ok());
            long.is_some_and(|name| {
                argument.get_long() == Some(name)
                    || argument
                        .get_all_aliases()
                        .is_some_and(|aliases| aliases.contains(&name))
            }) || short.is_some() && argument.get_short() == short
        });
        match option {
            Some(_) if text[end..].starts_with(':') => {
                *word = format!("{}={}", &text[..end], &text[end + 1..]).into();
            }
            // The next word is the option's value.
            Some(option) if end == text.len() && takes_word(option) => {
                rest.next();
            }
            _ => {}
        }
    }
    words
}

/// Does the option take the word after it as its value?
fn takes_word(option: &clap::Arg) -> bool {
    option.get_action().takes_values() && !option.is_require_equals_set()
}

/// Says what is wrong with `words`, or writes the text that they ask for.
fn answer(error: &clap::Error, words: &[OsString]) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // With standard output gone there is nobody left to tell.
            let _ = error.print();
            ExitCode::SUCCESS
        }
        ErrorKind::InvalidSubcommand => report::failure(&format!(
            "Unknown command: {}\n\n{}",
            context(error, ContextKind::InvalidSubcommand),
            help_among_commands(words).trim_end()
        )),
        ErrorKind::UnknownArgument => {
            let word = context(error, ContextKind::InvalidArg);
            let what = if word.starts_with('-') {
                "Unknown option"
            } else {
                "Unexpected argument"
            };
            let usage = error.render().to_string();
            let usage = usage.split_once('\n').map_or("", |(_, usage)| usage);
            report::failure(&format!("{what}: {word}\n{}", usage.trim_end()))
        }
        _ => {
            let text = error.render().to_string();
            let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
            match variable_at_fault(error, words) {
                Some(name) => {
                    report::failure(&format!("in the environment variable {name}: {text}"))
                }
                None => report::failure(text),
            }
        }
    }
}

/// What an error says of `kind`.
fn context(error: &clap::Error, kind: ContextKind) -> &str {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text,
        _ => "",
    }
}

/// The help text of the command among whose own commands the words have named an unknown one.
fn help_among_commands(words: &[OsString]) -> String {
    let mut definition = definition();
    definition.build();
    let command = words
        .get(1)
        .and_then(|name| definition.find_subcommand(name))
        .filter(|command| command.has_subcommands())
        .unwrap_or(&definition);
    command.clone().render_help().to_string()
}

/// The environment variable that holds the value which an error refuses, if the option is not among the words.
fn variable_at_fault(error: &clap::Error, words: &[OsString]) -> Option<String> {
    let shown = context(error, ContextKind::InvalidArg);
    let option = shown.split([' ', '[', '=']).next()?;
    let named = |word: &OsString| {
        word.to_str()
            .and_then(|word| word.strip_prefix(option))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    };
    if words.iter().any(named) {
        return None;
    }
    let definition = definition();
    let argument = definition
        .find_subcommand(words.get(1)?)?
        .get_arguments()
        .find(|argument| argument.get_long() == option.strip_prefix("--"))?;
    Some(argument.get_env()?.to_string_lossy().into_owned())
}

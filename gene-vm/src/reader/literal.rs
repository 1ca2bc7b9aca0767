//! Rare literals, read by the pest grammar: dates, times, bytes, regular expressions.

use super::error::Error;
use super::grammar::{Grammar, Rule};
use super::token::{Literal, Result};
use crate::object::{Date, DateTime, Offset, Regex, Time};
use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};
use pest::iterators::Pair;

/// Reads the date, time or date with time at the start of `text`, and answers its length.
pub fn moment(text: &str, offset: usize) -> Result<(Literal, usize)> {
    let text = text.split(BLANKS).next().unwrap_or_default();
    let (pair, length) =
        parse(Rule::moment, text).map_err(|error| moment_error(text, offset, &error))?;
    let literal = match pair.as_rule() {
        Rule::date => Literal::Date(date(pair, offset)?),
        Rule::time => Literal::Time(time(pair, offset)?),
        _ => {
            let mut parts = pair.into_inner();
            let day = parts.next().expect("a date with time starts with a date");
            Literal::DateTime(DateTime {
                date: date(day, offset)?,
                time: time_of(parts, offset)?,
            })
        }
    };
    Ok((literal, length))
}

/// No date or time goes on behind these.
const BLANKS: [char; 5] = [' ', '\t', '\r', '\n', ','];

type PestError = Box<pest::error::Error<Rule>>;

/// The only part of what `rule` matches at the start of `text`, and the length of the match.
fn parse(rule: Rule, text: &str) -> std::result::Result<(Pair<'_, Rule>, usize), PestError> {
    let whole = Grammar::parse(rule, text)
        .map_err(Box::new)?
        .next()
        .expect("a rule that matches gives one pair");
    let length = whole.as_str().len();
    Ok((
        whole.into_inner().next().expect("each literal has parts"),
        length,
    ))
}

/// Names the part that the grammar missed.
fn moment_error(text: &str, offset: usize, error: &PestError) -> Error {
    let digits = text
        .trim_start_matches(['+', '-'])
        .bytes()
        .take_while(u8::is_ascii_digit)
        .count();
    let sign = text.len() - text.trim_start_matches(['+', '-']).len();
    let is_date = text.as_bytes().get(sign + digits) == Some(&b'-');
    if is_date && (sign > 0 || digits != 4) {
        let year = &text[..sign + digits];
        return Error::new(
            offset,
            format!("Date literal requires 4-digit year, got: {year}"),
        );
    }
    let InputLocation::Pos(at) = error.location else {
        unreachable!("a parsing error has a place")
    };
    let expected = match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives.first(),
        ErrorVariant::CustomError { .. } => None,
    };
    let literal = if is_date && !text[..at].contains('T') {
        "date"
    } else {
        "time"
    };
    let message = match expected {
        Some(Rule::month) => "Expected 2-digit month in date literal".into(),
        Some(Rule::day) => "Expected 2-digit day in date literal".into(),
        Some(Rule::minute) => "Expected 2-digit minute in time literal".into(),
        Some(Rule::second) => "Expected 2-digit second in time literal".into(),
        Some(Rule::fraction) => "Expected 1 to 6 digits of fraction in time literal".into(),
        Some(Rule::offset_hour) => "Expected 2-digit hour in offset".into(),
        Some(Rule::offset_minute) => "Expected 2-digit minute in offset".into(),
        Some(Rule::zone_name) => "Expected Area/City in time zone".into(),
        _ => {
            let end = text.find(super::scan::is_token_end).unwrap_or(text.len());
            format!("Malformed {literal} literal: {}", &text[..end])
        }
    };
    Error::new(offset + at, message)
}

fn date(pair: Pair<Rule>, offset: usize) -> Result<Date> {
    let mut parts = pair.into_inner();
    let year = number(parts.next());
    let month = checked("month", parts.next(), 1..=12, offset)?;
    let day = checked("day", parts.next(), 1..=31, offset)?;
    Ok(Date {
        year: year as i32,
        month,
        day,
    })
}

fn time(pair: Pair<Rule>, offset: usize) -> Result<Time> {
    time_of(pair.into_inner(), offset)
}

/// A time from its clock, offset and zone.
fn time_of(mut parts: pest::iterators::Pairs<Rule>, at: usize) -> Result<Time> {
    let mut clock = parts
        .next()
        .expect("a time starts with the clock")
        .into_inner();
    let hour = checked("hour", clock.next(), 0..=23, at)?;
    let minute = checked("minute", clock.next(), 0..=59, at)?;
    let second = match clock.next() {
        Some(second) => checked("second", Some(second), 0..=59, at)?,
        None => 0,
    };
    let microsecond = clock.next().map_or(0, |fraction| {
        let digits = fraction.as_str();
        number(Some(fraction)) * 10u32.pow(6 - digits.len() as u32)
    });
    let mut offset: Option<Offset> = None;
    for part in parts {
        let entry = offset.get_or_insert(Offset {
            minutes: None,
            is_utc: false,
            zone: None,
        });
        if part.as_rule() == Rule::zone {
            entry.zone = part.into_inner().next().map(|name| name.as_str().into());
            continue;
        }
        let mut fields = part.into_inner();
        let first = fields.next().expect("an offset is Z or has a sign");
        entry.is_utc = first.as_rule() == Rule::utc;
        entry.minutes = Some(if entry.is_utc {
            0
        } else {
            let hours = checked("offset hour", fields.next(), 0..=23, at)?;
            let minutes = checked("offset minute", fields.next(), 0..=59, at)?;
            let total = i32::from(hours) * 60 + i32::from(minutes);
            if first.as_str() == "-" { -total } else { total }
        });
    }
    Ok(Time {
        hour,
        minute,
        second,
        microsecond,
        offset,
    })
}

fn number(digits: Option<Pair<Rule>>) -> u32 {
    let digits = digits.expect("the grammar demands the number");
    digits
        .as_str()
        .parse()
        .expect("the grammar takes at most six digits")
}

fn checked(
    what: &str,
    digits: Option<Pair<Rule>>,
    range: std::ops::RangeInclusive<u32>,
    offset: usize,
) -> Result<u8> {
    let value = number(digits);
    if !range.contains(&value) {
        return Err(Error::new(offset, format!("Invalid {what}: {value}")));
    }
    Ok(value as u8)
}

/// Reads the bytes literal at the start of `text`, and answers its length.
pub fn bytes(text: &str, offset: usize) -> Result<(Literal, usize)> {
    let (pair, length) = parse(Rule::bytes, text).map_err(|error| {
        let InputLocation::Pos(at) = error.location else {
            unreachable!("a parsing error has a place")
        };
        match text[at..].chars().next() {
            Some(c) => Error::new(
                offset + at,
                format!("Invalid character in bytes literal: {c}"),
            ),
            None => Error::new(offset, "Incomplete bytes literal"),
        }
    })?;
    let rule = pair.as_rule();
    let digits: String = pair.into_inner().map(|group| group.as_str()).collect();
    let bytes = match rule {
        Rule::binary_bytes => digit_groups(&digits, 8, 2),
        Rule::hexadecimal_bytes => digit_groups(&digits, 2, 16),
        _ => {
            let config = GeneralPurposeConfig::new()
                .with_decode_padding_mode(DecodePaddingMode::Indifferent)
                .with_decode_allow_trailing_bits(true);
            GeneralPurpose::new(&base64::alphabet::STANDARD, config)
                .decode(digits)
                .map_err(|_| Error::new(offset, "Incomplete bytes literal"))?
        }
    };
    Ok((Literal::Bytes(bytes.into()), length))
}

/// Bytes of `size` digits each; the last may have fewer.
fn digit_groups(digits: &str, size: usize, radix: u32) -> Vec<u8> {
    let digit = |d: &u8| {
        char::from(*d)
            .to_digit(radix)
            .expect("the grammar takes digits only")
    };
    digits
        .as_bytes()
        .chunks(size)
        .map(|byte| byte.iter().fold(0, |value, d| value * radix + digit(d)) as u8)
        .collect()
}

/// Reads the regex literal at the start of `text`, and answers its length.
pub fn regex(text: &str, offset: usize) -> Result<(Literal, usize)> {
    let whole = Grammar::parse(Rule::regex, text).map_err(|error| {
        let InputLocation::Pos(at) = error.location else {
            unreachable!("a parsing error has a place")
        };
        match text[at..].chars().next() {
            Some(flag) => Error::new(offset + at, format!("Invalid regex flag: {flag}")),
            None => Error::new(offset, "EOF while reading regex /"),
        }
    })?;
    let length = whole.as_str().len();
    let mut regex = Regex {
        pattern: "".into(),
        replacement: None,
        ignore_case: false,
        dot_all: false,
        compiled: Default::default(),
    };
    for part in whole.flatten() {
        match part.as_rule() {
            Rule::pattern => regex.pattern = delimited(part.as_str()),
            Rule::replacement => regex.replacement = Some(delimited(part.as_str())),
            Rule::flags => {
                regex.ignore_case = part.as_str().contains('i');
                regex.dot_all = part.as_str().contains('m');
            }
            _ => {}
        }
    }
    Ok((Literal::Regex(regex), length))
}

/// Resolves `\/` and `\\`; other sequences belong to the pattern.
fn delimited(raw: &str) -> Box<str> {
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        out.push(c);
        if c == '\\' {
            match chars.next() {
                Some(next @ ('/' | '\\')) => {
                    out.pop();
                    out.push(next);
                }
                Some(next) => out.push(next),
                None => {}
            }
        }
    }
    out.into()
}

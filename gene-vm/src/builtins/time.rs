//! Clocks, sleeping, dates and times (14.6).

use super::events::SLICE;
use crate::heap::Gc;
use crate::object::{Args, Date, DateTime, Offset, Time};
use crate::value::Value;
use crate::vm::{ErrorClass, Result, Vm};
use jiff::{Timestamp, ToSpan, Zoned, civil, tz};
use std::cmp::Ordering;
use std::time::{Duration, Instant};

const CLOCKS: super::Natives = &[("now", now_seconds), ("now_us", now_microseconds)];

const GENE_FUNCTIONS: super::Natives = &[
    ("now", now),
    ("today", today),
    ("yesterday", yesterday),
    ("tomorrow", tomorrow),
];

const DATE_METHODS: super::Natives = &[("year", year), ("month", month), ("day", day)];

const TIME_METHODS: super::Natives = &[
    ("hour", hour),
    ("minute", minute),
    ("second", second),
    ("microsecond", microsecond),
    ("offset", offset),
    ("timezone", timezone),
];

pub(super) fn install(vm: &mut Vm) {
    vm.define_functions(vm.builtins.global, &[("sleep", sleep)]);
    vm.define_functions(vm.builtins.gene, GENE_FUNCTIONS);
    for parent in [vm.builtins.global, vm.builtins.gene] {
        let time = vm.define_namespace(parent, "time");
        vm.define_functions(time, CLOCKS);
    }
    vm.define_methods(vm.builtins.classes.date, DATE_METHODS);
    vm.define_methods(vm.builtins.classes.time, TIME_METHODS);
    let date_time = vm.builtins.classes.date_time;
    vm.define_methods(date_time, DATE_METHODS);
    vm.define_methods(date_time, TIME_METHODS);
    vm.define_methods(date_time, &[("to_i", to_i)]);
}

// ── Clocks and sleeping ────────────────────────────────────────────────────

fn now_seconds(vm: &mut Vm, _: Args) -> Result {
    Ok(vm.heap.int(Timestamp::now().as_second()))
}

fn now_microseconds(vm: &mut Vm, _: Args) -> Result {
    Ok(vm.heap.int(Timestamp::now().as_microsecond()))
}

/// A duration of so many seconds: none for negative numbers and NaN, for ever for very large ones.
pub(super) fn seconds(seconds: f64) -> Duration {
    /// About 30 years; beyond it, clocks overflow.
    const FOR_EVER: f64 = 1e9;
    Duration::from_secs_f64(seconds.clamp(0.0, FOR_EVER).max(0.0))
}

/// The duration in argument 0: an Int in milliseconds, a Float in seconds.
pub(super) fn duration_argument(vm: &mut Vm, args: Args, function: &str) -> Result<Duration> {
    let message = format!("{function} requires 1 argument (duration in milliseconds)");
    let duration = vm.required(args, 0, &message)?;
    if let Some(milliseconds) = duration.as_int() {
        return Ok(seconds(milliseconds as f64 / 1000.0));
    }
    match duration.as_float() {
        Some(float) => Ok(seconds(float)),
        None => Err(vm.bad_argument(format!("{function} requires a number (milliseconds)"))),
    }
}

fn sleep(vm: &mut Vm, args: Args) -> Result {
    let duration = duration_argument(vm, args, "sleep")?;
    vm.io.flush();
    let deadline = Instant::now() + duration;
    loop {
        let remaining = deadline.saturating_duration_since(Instant::now());
        std::thread::sleep(remaining.min(SLICE));
        vm.safepoint_while_waiting()?;
        if remaining.is_zero() {
            return Ok(Value::NIL);
        }
    }
}

// ── The present ────────────────────────────────────────────────────────────

fn now(vm: &mut Vm, _: Args) -> Result {
    let now = Zoned::now();
    let minutes = now.offset().seconds() / 60;
    let zone = now.time_zone().iana_name();
    let time = Time {
        hour: now.hour() as u8,
        minute: now.minute() as u8,
        second: now.second() as u8,
        microsecond: now.subsec_nanosecond() as u32 / 1000,
        offset: Some(Offset {
            minutes: Some(minutes),
            is_utc: minutes == 0,
            zone: zone.filter(|zone| zone.contains('/')).map(Into::into),
        }),
    };
    let date = date_of(now.date());
    Ok(vm.heap.value(DateTime { date, time }))
}

fn date_of(date: civil::Date) -> Date {
    Date {
        year: date.year().into(),
        month: date.month() as u8,
        day: date.day() as u8,
    }
}

fn today(vm: &mut Vm, _: Args) -> Result {
    day_from_today(vm, 0)
}

fn yesterday(vm: &mut Vm, _: Args) -> Result {
    day_from_today(vm, -1)
}

fn tomorrow(vm: &mut Vm, _: Args) -> Result {
    day_from_today(vm, 1)
}

fn day_from_today(vm: &mut Vm, days: i64) -> Result {
    let date = Zoned::now().date().saturating_add(days.days());
    Ok(vm.heap.value(date_of(date)))
}

// ── Parts ──────────────────────────────────────────────────────────────────

/// The receiver's date part.
fn date(vm: &mut Vm, args: Args) -> Result<Date> {
    match args[0].get::<DateTime>() {
        Some(both) => Ok(both.date),
        None => vm.receiver::<Date>(args).map(|date| *date),
    }
}

/// The receiver's time part.
fn time<'a>(vm: &mut Vm, args: Args) -> Result<&'a Time> {
    match args[0].get::<DateTime>() {
        Some(both) => Ok(&both.into_ref().time),
        None => vm.receiver::<Time>(args).map(Gc::into_ref),
    }
}

fn year(vm: &mut Vm, args: Args) -> Result {
    Ok(Value::int32(date(vm, args)?.year))
}

fn month(vm: &mut Vm, args: Args) -> Result {
    Ok(Value::int32(date(vm, args)?.month.into()))
}

fn day(vm: &mut Vm, args: Args) -> Result {
    Ok(Value::int32(date(vm, args)?.day.into()))
}

fn hour(vm: &mut Vm, args: Args) -> Result {
    Ok(Value::int32(time(vm, args)?.hour.into()))
}

fn minute(vm: &mut Vm, args: Args) -> Result {
    Ok(Value::int32(time(vm, args)?.minute.into()))
}

fn second(vm: &mut Vm, args: Args) -> Result {
    Ok(Value::int32(time(vm, args)?.second.into()))
}

fn microsecond(vm: &mut Vm, args: Args) -> Result {
    Ok(Value::int32(time(vm, args)?.microsecond as i32))
}

fn offset(vm: &mut Vm, args: Args) -> Result {
    let offset = time(vm, args)?.offset.as_ref();
    let minutes = offset.and_then(offset_minutes);
    Ok(minutes.map_or(Value::NIL, Value::int32))
}

fn offset_minutes(offset: &Offset) -> Option<i32> {
    if offset.is_utc {
        Some(0)
    } else {
        offset.minutes
    }
}

fn timezone(vm: &mut Vm, args: Args) -> Result {
    let Some(offset) = &time(vm, args)?.offset else {
        return Ok(Value::NIL);
    };
    match &offset.zone {
        Some(zone) => Ok(vm.heap.string(&**zone)),
        None if offset.is_utc => Ok(vm.heap.string("UTC")),
        None => Ok(Value::NIL),
    }
}

// ── Instants and order ─────────────────────────────────────────────────────

fn to_i(vm: &mut Vm, args: Args) -> Result {
    let date_time: Gc<DateTime> = vm.receiver(args)?;
    let local = civil_microseconds(&date_time).div_euclid(1000);
    let offset = match date_time.time.offset.as_ref().and_then(offset_minutes) {
        Some(minutes) => i64::from(minutes) * 60_000,
        None => local_offset(local),
    };
    Ok(vm.heap.int(local - offset))
}

/// Milliseconds that the local time zone is ahead of UTC at a local time.
fn local_offset(local_milliseconds: i64) -> i64 {
    let zone = tz::TimeZone::system();
    let local = Timestamp::from_millisecond(local_milliseconds)
        .map(|timestamp| tz::Offset::UTC.to_datetime(timestamp));
    let offset = local.and_then(|local| Ok(zone.to_zoned(local)?.offset().seconds()));
    offset.map_or(0, |seconds| i64::from(seconds) * 1000)
}

/// Microseconds from 1970-01-01T00:00 to a date and time, without regard to offsets. The calendar is consulted for
/// months only: February 31 is three days after February 28.
fn civil_microseconds(date_time: &DateTime) -> i64 {
    let Date { year, month, day } = date_time.date;
    let first = civil::Date::new(year as i16, month as i8, 1).unwrap_or(civil::Date::ZERO);
    let epoch = civil::date(1970, 1, 1);
    let days = first.duration_since(epoch).as_hours() / 24 + i64::from(day) - 1;
    days * 86_400_000_000 + time_microseconds(&date_time.time)
}

/// Microseconds from midnight, without regard to the offset.
fn time_microseconds(time: &Time) -> i64 {
    let minutes = i64::from(time.hour) * 60 + i64::from(time.minute);
    (minutes * 60 + i64::from(time.second)) * 1_000_000 + i64::from(time.microsecond)
}

impl Vm {
    /// How two dates, two times or two date-times are ordered; `None` for other operands.
    pub fn compare_times(&mut self, a: Value, b: Value) -> Result<Option<Ordering>> {
        if let (Some(a), Some(b)) = (a.get::<Date>(), b.get::<Date>()) {
            return Ok(Some(a.cmp(&b)));
        }
        if let (Some(a), Some(b)) = (a.get::<Time>(), b.get::<Time>()) {
            let instant = |time: &Time| time_microseconds(time) - offset_microseconds(time);
            return Ok(Some(instant(&a).cmp(&instant(&b))));
        }
        let (Some(a), Some(b)) = (a.get::<DateTime>(), b.get::<DateTime>()) else {
            return Ok(None);
        };
        let is_aware = |of: &DateTime| of.time.offset.as_ref().and_then(offset_minutes).is_some();
        if is_aware(&a) != is_aware(&b) {
            return Err(self.raise(
                ErrorClass::Type,
                "Cannot compare naive and offset-aware datetimes",
            ));
        }
        let instant = |of: &DateTime| civil_microseconds(of) - offset_microseconds(&of.time);
        Ok(Some(instant(&a).cmp(&instant(&b))))
    }
}

/// How far the time is ahead of UTC; 0 when that is unknown.
fn offset_microseconds(time: &Time) -> i64 {
    let minutes = time.offset.as_ref().and_then(offset_minutes).unwrap_or(0);
    i64::from(minutes) * 60_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_behind_the_end_of_a_month_go_on() {
        let microseconds = |year, month, day| {
            civil_microseconds(&DateTime {
                date: Date { year, month, day },
                time: Time {
                    hour: 0,
                    minute: 0,
                    second: 0,
                    microsecond: 1,
                    offset: None,
                },
            })
        };
        assert_eq!(microseconds(1970, 1, 1), 1);
        assert_eq!(microseconds(2023, 2, 31), microseconds(2023, 3, 3));
        assert_eq!(microseconds(1969, 12, 31), 1 - 86_400_000_000);
    }
}

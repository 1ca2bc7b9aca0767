//! Dates and times as the literals write them.

use super::heap_data;

/// Distance from UTC and name of the zone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offset {
    /// Minutes east of UTC; `None` when only a zone was given.
    pub minutes: Option<i32>,
    /// Written as `Z`.
    pub is_utc: bool,
    /// The name in brackets.
    pub zone: Option<Box<str>>,
}

/// A calendar date.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Date {
    /// Year.
    pub year: i32,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to 31; the calendar is not consulted.
    pub day: u8,
}

/// A time of day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Time {
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute.
    pub minute: u8,
    /// Second.
    pub second: u8,
    /// Microseconds.
    pub microsecond: u32,
    /// Offset and zone, if any was written.
    pub offset: Option<Offset>,
}

/// A date with a time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DateTime {
    /// The date.
    pub date: Date,
    /// The time, with offset and zone.
    pub time: Time,
}

heap_data!(Date, |d, t| ());
heap_data!(Time, |d, t| ());
heap_data!(DateTime, |d, t| ());

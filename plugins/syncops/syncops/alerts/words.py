"""What messages say, in English and Chinese."""

from __future__ import annotations

import typing as t

Language = t.Literal["en", "zh"]

_WORDS: dict[str, dict[Language, str]] = {
    "lag_above": {
        "en": "{stream} of {account} ({place}) is {lag} behind; allowed are {limit}",
        "zh": "{place} 的 {stream}（账号 {account}）落后 {lag}，允许 {limit}",
    },
    "success_rate_below": {
        "en": "{stream} of {account} ({place}): {share} of {calls} API calls succeeded, below {limit}",
        "zh": "{place} 的 {stream}（账号 {account}）：{calls} 次接口调用的成功率为 {share}，低于 {limit}",
    },
    "failures_parked": {
        "en": "{stream} of {account} ({place}): {count} records were tried in vain and are parked",
        "zh": "{place} 的 {stream}（账号 {account}）：{count} 条记录多次获取失败，已搁置",
    },
    "grant_expires_within": {
        "en": "the authorisation of {account} ({place}) ends in {left}, at {at}; renew it",
        "zh": "{place} 账号 {account} 的授权还有 {left} 到期（{at}），请续期",
    },
    "grant_expired": {
        "en": "the authorisation of {account} ({place}) ended at {at}; renew it",
        "zh": "{place} 账号 {account} 的授权已于 {at} 到期，请重新授权",
    },
    "reconcile_difference": {
        "en": "{stream} of {account} ({place}) differs from the platform in {count} records "
        "({start} to {end})",
        "zh": "{place} 的 {stream}（账号 {account}）与平台相差 {count} 条记录（{start} 至 {end}）",
    },
    "quarantine_growing": {
        "en": "{count} new bad records of {stream} in the quarantine of {place} within {within}; "
        "{all} in all",
        "zh": "{place} 的隔离区在 {within} 内新增 {count} 条 {stream} 的坏记录，共 {all} 条",
    },
    "nothing_ran_for": {
        "en": "no run of {place} came to its end for {age}; allowed are {limit}",
        "zh": "{place} 已有 {age} 没有完成过运行，允许 {limit}",
    },
    "never_ran": {
        "en": "no run of {place} ever came to its end",
        "zh": "{place} 从未完成过运行",
    },
    "run_failed": {
        "en": "{stream} of {account} ({place}) failed: {error}",
        "zh": "{place} 的 {stream}（账号 {account}）运行失败：{error}",
    },
    "whole_run_failed": {
        "en": "the last run of {place} failed: {error}",
        "zh": "{place} 的最近一次运行失败：{error}",
    },
    "run_killed": {
        "en": "the run of {place} that began at {at} was killed",
        "zh": "{place} 于 {at} 开始的运行被强行终止",
    },
    "not_checked": {
        "en": "the rule {rule} cannot be checked: {error}",
        "zh": "规则 {rule} 无法检查：{error}",
    },
    "new": {"en": "🔴 {text}", "zh": "🔴 {text}"},
    "still": {"en": "🟠 since {since}: {text}", "zh": "🟠 自 {since} 起：{text}"},
    "recovered": {"en": "🟢 recovered: {text}", "zh": "🟢 已恢复：{text}"},
    "title": {
        "en": "[syncops] {project}: {new} new, {still} standing, {recovered} recovered",
        "zh": "[syncops] {project}：新告警 {new}，未恢复 {still}，已恢复 {recovered}",
    },
    "more": {
        "en": "... and {} more; see: syncops alert list",
        "zh": "……另有 {} 条，见：syncops alert list",
    },
    "test_title": {
        "en": "[syncops] {project}: test",
        "zh": "[syncops] {project}：测试",
    },
    "test": {
        "en": "This is a test message of the channel {channel}. Nothing is wrong.",
        "zh": "这是渠道 {channel} 的测试消息，一切正常。",
    },
}


def say(what: str, language: Language, **values: t.Any) -> str:
    """Return a sentence on one line."""
    text = _WORDS[what][language]
    return " ".join(text.format(**values).split()) if values else text

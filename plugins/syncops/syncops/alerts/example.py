"""The file of rules to start from."""

EXAMPLE = """\
# What is watched, and who is told. `syncops alert check` reads this file; let cron run it every few
# minutes. Secrets stand in the environment (.env), here only their names: ${NAME}.

language: en        # of the messages: en or zh
repeat: 24h         # an alert that stands is told again after this time

channels:
  # 企业微信群机器人
  ops:
    type: wecom
    url: ${WECOM_ROBOT_URL}
    # mention: ["@all"]                     # user ids, or @all

  # 钉钉自定义机器人, with 加签
  # dingtalk:
  #   type: dingtalk
  #   url: ${DINGTALK_ROBOT_URL}
  #   secret: ${DINGTALK_ROBOT_SECRET}
  #   at_mobiles: ["13800000000"]

  # 飞书自定义机器人, with 签名校验
  # feishu:
  #   type: feishu
  #   url: ${FEISHU_ROBOT_URL}
  #   secret: ${FEISHU_ROBOT_SECRET}

  # A program of yours: JSON, signed in X-Syncops-Signature
  # webhook:
  #   type: webhook
  #   url: https://alerts.example.com/syncops
  #   secret: ${WEBHOOK_SECRET}

  # mail:
  #   type: email
  #   host: smtp.example.com
  #   security: ssl                         # or starttls, or none
  #   username: sync@example.com
  #   password: ${SMTP_PASSWORD}
  #   from: sync@example.com
  #   to: [data@example.com]

# Each rule may be narrowed by jobs (extractors), streams and accounts, all globs, and may name its
# channels; by default every channel is told. Two rules of one kind need a `name`.
rules:
  - when: lag_above                         # bookmark or last full read, as `bookmarks show` tells
    limit: 3h
    streams: ["orders*", "refunds*"]

  - when: lag_above
    name: full reads late
    limit: 50h
    jobs: ["*--full"]

  - when: run_failed                        # the last run failed or was killed

  - when: nothing_ran_for                   # a job named without a glob must have run once
    limit: 26h
    jobs: [tap-youzan--hourly, tap-youzan--full]

  - when: success_rate_below                # of the API calls of a stream's last run
    limit: 0.95
    calls: 20                               # judged from so many calls on

  - when: failures_parked                   # records that were tried in vain
    limit: 0

  - when: grant_expires_within
    limit: 14d

  - when: reconcile_difference              # the last `syncops reconcile` left records that differ
    limit: 0

  - when: quarantine_growing                # more bad records than limit came within the time
    limit: 0
    within: 24h
    # loader: target-postgres               # by default the only one with a database
"""

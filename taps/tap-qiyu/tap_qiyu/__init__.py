"""Singer tap for 网易七鱼 (Netease Qiyu)."""

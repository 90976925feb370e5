"""The command `syncops reconcile`: does the warehouse hold what the platform has?"""

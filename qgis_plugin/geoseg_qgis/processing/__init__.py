"""The Processing provider: batch, models, qgis_process."""

"""Cities of India in which simulated stations stand.

Coordinates are of the town, moved inland where it lies at the sea or a border, so that a circle of
`radius_km` stays on land and within the state. Weights follow population and the number of electric
vehicles roughly; they are nobody's statistics.
"""

from __future__ import annotations

from typing import NamedTuple


class City(NamedTuple):
    """A town and how many stations it attracts."""

    name: str
    state: str
    pin: str
    """First three digits of its postal codes."""
    lon: float
    lat: float
    weight: float
    radius_km: float


CITIES = (
    City("Delhi", "Delhi", "110", 77.21, 28.64, 30, 9),
    City("Noida", "Uttar Pradesh", "201", 77.38, 28.57, 6, 4),
    City("Ghaziabad", "Uttar Pradesh", "201", 77.46, 28.67, 5, 5),
    City("Gurugram", "Haryana", "122", 77.03, 28.44, 8, 6),
    City("Faridabad", "Haryana", "121", 77.32, 28.39, 4, 4),
    City("Mumbai", "Maharashtra", "400", 72.88, 19.12, 20, 4),
    City("Thane", "Maharashtra", "400", 73.03, 19.18, 8, 3),
    City("Navi Mumbai", "Maharashtra", "400", 73.06, 19.05, 7, 4),
    City("Pune", "Maharashtra", "411", 73.86, 18.53, 16, 12),
    City("Nagpur", "Maharashtra", "440", 79.09, 21.15, 6, 9),
    City("Nashik", "Maharashtra", "422", 73.79, 20.00, 5, 8),
    City("Chhatrapati Sambhajinagar", "Maharashtra", "431", 75.34, 19.88, 3, 6),
    City("Kolhapur", "Maharashtra", "416", 74.23, 16.70, 2, 5),
    City("Solapur", "Maharashtra", "413", 75.91, 17.67, 2, 5),
    City("Bengaluru", "Karnataka", "560", 77.60, 12.98, 28, 14),
    City("Mysuru", "Karnataka", "570", 76.64, 12.31, 3, 6),
    City("Mangaluru", "Karnataka", "575", 74.93, 12.90, 2, 3.5),
    City("Hubballi", "Karnataka", "580", 75.13, 15.36, 2, 6),
    City("Belagavi", "Karnataka", "590", 74.51, 15.86, 1.5, 5),
    City("Hyderabad", "Telangana", "500", 78.46, 17.42, 20, 14),
    City("Warangal", "Telangana", "506", 79.58, 17.98, 2, 5),
    City("Chennai", "Tamil Nadu", "600", 80.19, 13.05, 17, 8),
    City("Coimbatore", "Tamil Nadu", "641", 76.98, 11.02, 6, 9),
    City("Madurai", "Tamil Nadu", "625", 78.12, 9.93, 4, 7),
    City("Tiruchirappalli", "Tamil Nadu", "620", 78.69, 10.80, 3, 6),
    City("Salem", "Tamil Nadu", "636", 78.15, 11.66, 2, 6),
    City("Puducherry", "Puducherry", "605", 79.79, 11.93, 1.5, 2),
    City("Kochi", "Kerala", "682", 76.34, 10.01, 6, 4.5),
    City("Thiruvananthapuram", "Kerala", "695", 76.97, 8.55, 5, 4),
    City("Kozhikode", "Kerala", "673", 75.84, 11.27, 4, 4),
    City("Thrissur", "Kerala", "680", 76.22, 10.52, 3, 6),
    City("Visakhapatnam", "Andhra Pradesh", "530", 83.22, 17.76, 5, 5),
    City("Vijayawada", "Andhra Pradesh", "520", 80.64, 16.53, 4, 6),
    City("Guntur", "Andhra Pradesh", "522", 80.44, 16.31, 1.5, 5),
    City("Tirupati", "Andhra Pradesh", "517", 79.43, 13.62, 2, 4),
    City("Ponda", "Goa", "403", 74.01, 15.40, 2, 4),
    City("Ahmedabad", "Gujarat", "380", 72.57, 23.04, 13, 11),
    City("Surat", "Gujarat", "395", 72.85, 21.20, 8, 7),
    City("Vadodara", "Gujarat", "390", 73.19, 22.31, 5, 8),
    City("Rajkot", "Gujarat", "360", 70.80, 22.30, 4, 7),
    City("Jaipur", "Rajasthan", "302", 75.79, 26.90, 8, 11),
    City("Jodhpur", "Rajasthan", "342", 73.02, 26.27, 3, 7),
    City("Udaipur", "Rajasthan", "313", 73.71, 24.58, 3, 6),
    City("Kota", "Rajasthan", "324", 75.85, 25.16, 2, 6),
    City("Ajmer", "Rajasthan", "305", 74.64, 26.46, 1.5, 5),
    City("Lucknow", "Uttar Pradesh", "226", 80.95, 26.85, 7, 10),
    City("Kanpur", "Uttar Pradesh", "208", 80.33, 26.44, 5, 7),
    City("Agra", "Uttar Pradesh", "282", 78.01, 27.18, 4, 6),
    City("Varanasi", "Uttar Pradesh", "221", 82.97, 25.32, 4, 6),
    City("Prayagraj", "Uttar Pradesh", "211", 81.83, 25.44, 3, 6),
    City("Meerut", "Uttar Pradesh", "250", 77.71, 28.98, 3, 6),
    City("Dehradun", "Uttarakhand", "248", 78.03, 30.32, 3, 5),
    City("Haridwar", "Uttarakhand", "249", 78.12, 29.93, 1.5, 3),
    City("Chandigarh", "Chandigarh", "160", 76.78, 30.73, 5, 3.5),
    City("Ludhiana", "Punjab", "141", 75.86, 30.90, 4, 7),
    City("Amritsar", "Punjab", "143", 74.89, 31.63, 3, 6),
    City("Shimla", "Himachal Pradesh", "171", 77.17, 31.10, 1, 4),
    City("Jammu", "Jammu and Kashmir", "180", 74.87, 32.72, 1.5, 4),
    City("Srinagar", "Jammu and Kashmir", "190", 74.81, 34.07, 1.5, 5),
    City("Leh", "Ladakh", "194", 77.58, 34.16, 0.5, 2),
    City("Patna", "Bihar", "800", 85.13, 25.59, 4, 7),
    City("Gaya", "Bihar", "823", 85.00, 24.79, 1.5, 5),
    City("Ranchi", "Jharkhand", "834", 85.32, 23.36, 3, 6),
    City("Jamshedpur", "Jharkhand", "831", 86.19, 22.80, 2, 4),
    City("Dhanbad", "Jharkhand", "826", 86.43, 23.80, 2, 5),
    City("Kolkata", "West Bengal", "700", 88.38, 22.56, 12, 9),
    City("Asansol", "West Bengal", "713", 87.01, 23.68, 1.5, 4),
    City("Siliguri", "West Bengal", "734", 88.43, 26.71, 2, 4),
    City("Bhubaneswar", "Odisha", "751", 85.82, 20.29, 4, 6),
    City("Cuttack", "Odisha", "753", 85.88, 20.46, 2, 4),
    City("Raipur", "Chhattisgarh", "492", 81.63, 21.25, 4, 7),
    City("Bilaspur", "Chhattisgarh", "495", 82.15, 22.08, 1, 4),
    City("Bhopal", "Madhya Pradesh", "462", 77.41, 23.24, 5, 8),
    City("Indore", "Madhya Pradesh", "452", 75.87, 22.72, 6, 8),
    City("Gwalior", "Madhya Pradesh", "474", 78.18, 26.21, 3, 6),
    City("Jabalpur", "Madhya Pradesh", "482", 79.94, 23.17, 2, 6),
    City("Guwahati", "Assam", "781", 91.76, 26.15, 4, 5),
    City("Dibrugarh", "Assam", "786", 94.93, 27.46, 0.7, 3),
    City("Shillong", "Meghalaya", "793", 91.88, 25.57, 1, 3),
    City("Agartala", "Tripura", "799", 91.31, 23.84, 1, 3),
    City("Imphal", "Manipur", "795", 93.94, 24.80, 0.7, 4),
)
